"""The lines that voices put around their posts: a list, and the part of a source's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import each
from apps.accounts.requests import user_of
from apps.sources.admin_display import moment, number, tag
from apps.sources.admin_verbs import Verbs, button
from apps.sources.models import Signature, Source
from apps.sources.services import signatures

LINES_SHOWN = 12


@admin.register(Signature)
class SignatureAdmin(Verbs):
    """Lines that are left out when posts are compared."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    audit_saves = False
    verbs = {
        "refuse": lambda row, user: signatures.signature_refuse(signature=row, actor=user),
        "accept": lambda row, user: signatures.signature_accept(signature=row, actor=user),
    }
    list_display = ("line", "voice", "use", "posts_seen", "learnt")
    list_filter = ("state", "voice__source")
    list_select_related = ("voice__source",)
    search_fields = ("line",)
    ordering = ("voice__source__name", "voice__channel", "-posts", "id")
    sortable_by = ()
    actions = ("compare", "leave_out")
    fields = ("line", "voice", "use", "posts_seen", "learnt", "buttons")
    readonly_fields = fields
    empty_text = _("A line that a channel puts under many of its posts stands here after a few posts.")

    @admin.display(description=_("when posts are compared"))
    def use(self, row: Signature) -> SafeString:
        """Whether it is left out."""
        return tag("done" if row.state == Signature.State.LEARNT else "waiting", row.get_state_display())

    @admin.display(description=_("seen in posts"))
    def posts_seen(self, row: Signature) -> SafeString:
        """In how many posts it was when it was learnt."""
        return number(row.posts)

    @admin.display(description=_("learnt"))
    def learnt(self, row: Signature) -> SafeString | None:
        """When it was learnt."""
        return moment(row.learnt_at)

    @admin.display(description="")
    def buttons(self, row: Signature) -> SafeString:
        """What can be done."""
        return signature_button(row)

    def after(self, row: Any) -> str:
        """Back to the source that the line is shown on."""
        return reverse("admin:sources_source_change", args=[row.voice.source_id])

    @admin.action(description=_("Compare"), permissions=["change"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Signature]) -> None:
        """Compare the chosen lines like any other text."""
        actor = user_of(request)
        each(queryset, lambda row: signatures.signature_refuse(signature=row, actor=actor)).tell(request)

    @admin.action(description=_("Leave out"), permissions=["change"])
    def leave_out(self, request: HttpRequest, queryset: QuerySet[Signature]) -> None:
        """Leave the chosen lines out again."""
        actor = user_of(request)
        each(queryset, lambda row: signatures.signature_accept(signature=row, actor=actor)).tell(request)


def signature_button(row: Signature) -> SafeString:
    """Refuse it, or take that back."""
    if row.state == Signature.State.LEARNT:
        return button("signature", row.pk, "refuse", _t("Don't leave out"))
    return button("signature", row.pk, "accept", _t("Leave out"))


def signatures_shown(source: Source) -> SafeString | None:
    """The lines that a source's voices put around their posts, each with its button."""
    rows = list(
        Signature.objects.filter(voice__source=source)
        .select_related("voice")
        .order_by("-posts", "id")[: LINES_SHOWN + 1]
    )
    if not rows:
        return None
    lines = format_html_join(
        "",
        '<li class="{}"><span>{}{}</span>{}</li>',
        (
            (
                "" if row.state == Signature.State.LEARNT else "is-refused",
                row.line,
                format_html(' <span class="pult-quiet">· {}</span>', row.voice.channel) if row.voice.channel else "",
                signature_button(row),
            )
            for row in rows[:LINES_SHOWN]
        ),
    )
    address = f"{reverse('admin:sources_signature_changelist')}?voice__source__id__exact={source.pk}"
    more = (
        format_html('<a class="pult-link" href="{}">{}</a>', address, _t("All of them")) if rows[LINES_SHOWN:] else ""
    )
    return format_html('<ul class="pult-signatures">{}</ul>{}', lines, more)
