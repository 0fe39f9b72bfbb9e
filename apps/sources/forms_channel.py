"""The part of a source's form that names a Telegram channel."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.accounts.models import Workspace
from apps.sources.models import Source
from apps.sources.parsers.channel_address import ChannelAddress, ChannelAddressError, channel_address
from apps.sources.services.channel_states import provisional_name
from apps.telegram.models import Peer

CHANNEL_COLUMNS = ("username", "chat_id")


class ChannelFormPart(forms.ModelForm[Source]):
    """What a person types to name a channel becomes its public name or its id."""

    channel = forms.CharField(
        label=_("Channel"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "@name", "autocapitalize": "off", "spellcheck": "false"}
        ),
        help_text=_("@name or a link (t.me/name). The account that reads it is chosen by itself."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "channel" in self.fields and self.instance.pk:
            self.initial["channel"] = shown_channel(self.instance)
        if "name" in self.fields:
            self.fields["name"].required = False  # a channel tells its own
            if not self.instance.pk:
                self.fields["name"].help_text = _("A channel's may stay empty: it gets the channel's title.")
        if "backfill_posts" in self.fields:
            self.fields["backfill_posts"].required = False
            self.fields["backfill_posts"].help_text = _("How many older posts to read at the start; 0: the newest 20.")
            self.fields["backfill_from"].help_text = _(
                "Read older posts back to this time. Empty: only by their number."
            )

    def clean_backfill_posts(self) -> int:
        """Nothing is none."""
        return self.cleaned_data.get("backfill_posts") or 0

    def stored_fields(self) -> list[str]:
        """The changed columns of the row."""
        apart = {"upload", "workspace", "channel", "removal_agreed"}
        changed = [name for name in self.changed_data if name not in apart]
        return [*changed, *(CHANNEL_COLUMNS if "channel" in self.changed_data else ())]

    def clean_channel_of(self, cleaned: dict[str, Any]) -> None:
        """Read the channel, refuse one that is there already, and name the source after it where it has no name."""
        typed = cleaned.get("channel") or ""
        if self.instance.pk and "channel" not in self.changed_data:
            return
        try:
            found = channel_address(typed)
        except ChannelAddressError as exc:
            self.add_error("channel", str(exc))
            return
        workspace = cleaned.get("workspace") or Workspace.objects.filter(pk=self.instance.workspace_id).first()
        problem = self._problem(found, workspace)
        if problem:
            self.add_error("channel", problem)
            return
        if found.chat_id is not None:
            self.instance.chat_id = found.chat_id
        self.instance.username = found.username or self.instance.username

    def name_channel(self, cleaned: dict[str, Any]) -> None:
        """Call a channel that has no name yet by what is known of it."""
        if not cleaned.get("name") and "channel" not in self.errors:
            chat_id = self.instance.chat_id
            peers = Peer.objects.exclude(title="").filter(session__workspace=self.instance.workspace_id)
            peer = peers.filter(chat_id=chat_id).first() if chat_id is not None else None
            cleaned["name"] = peer.title if peer is not None else provisional_name(self.instance.username)

    def _problem(self, found: ChannelAddress, workspace: Workspace | None) -> str:
        if found.chat_id is not None and self.instance.chat_id not in {None, found.chat_id}:
            return str(_("This source reads another channel. Add a source for this one."))
        if workspace is None:
            return ""
        same = (
            Source.objects.filter(chat_id=found.chat_id)
            if found.chat_id is not None
            else Source.objects.filter(username__iexact=found.username)
        )
        twin = same.filter(workspace=workspace, kind=Source.Kind.TELEGRAM).exclude(pk=self.instance.pk).first()
        if twin is not None:
            return str(_("“%(other)s” reads this channel already.") % {"other": twin.name})
        known = Peer.objects.filter(session__workspace=workspace)
        if found.chat_id is not None and not known.filter(chat_id=found.chat_id).exists():
            return str(
                _(
                    "No account of the workspace knows this channel yet, and a link without a name does not help "
                    "to find it. Give its @name."
                )
            )
        return ""


def shown_channel(source: Source) -> str:
    """A channel as a person would type it."""
    if source.username:
        return f"@{source.username}"
    return f"https://t.me/c/{source.chat_id}/1" if source.chat_id is not None else ""
