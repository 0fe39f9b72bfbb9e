"""Families of sister channels, and likely ones with what speaks for it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of, workspaces_of
from apps.sources.admin_display import moment, tag
from apps.sources.admin_verbs import Verbs, button
from apps.sources.models import Family, Kinship, Post, Voice
from apps.sources.services import families, kinships

TONES = {"suggested": "warning", "confirmed": "done", "refused": "waiting"}


class FamilyForm(forms.ModelForm[Family]):
    """A family's name and voices."""

    members = forms.ModelMultipleChoiceField(
        label=_("Voices"),
        queryset=Voice.objects.none(),
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("Channels of one publisher. A story counts them once. A voice is in one family at most."),
    )

    class Meta:
        model = Family
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["members"].initial = list(self.instance.voices.values_list("pk", flat=True))

    def clean(self) -> dict[str, Any] | None:
        """Two voices at least, of the family's workspace."""
        cleaned = super().clean() or self.cleaned_data
        chosen = list(cleaned.get("members") or ())
        workspace = cleaned.get("workspace") or (self.instance.workspace if self.instance.workspace_id else None)
        if "members" not in self.errors and len(chosen) < 2:
            self.add_error("members", _("A family has at least two voices."))
        if workspace is not None and any(voice.source.workspace_id != workspace.pk for voice in chosen):
            self.add_error("members", _("A family has voices of one workspace only."))
        return cleaned


@admin.register(Family)
class FamilyAdmin(WorkspaceModelAdmin[Family]):
    """Families of sister channels."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    form = FamilyForm
    audit_saves = False
    list_display = ("name", "members_named")
    search_fields = ("name",)
    ordering = ("name", "id")
    fields = ("name", "members")
    empty_text = _("Channels of one publisher make a family, which a story counts once. Likely ones are suggested.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Family]:
        """Families with their voices."""
        return super().get_queryset(request).prefetch_related("voices__source")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, its choice limited to the voices of this workspace, or of those that the user sees."""
        made = super().get_form(request, obj, change, **kwargs)
        owners = [obj.workspace] if obj is not None else workspaces_of(request)
        voices = Voice.objects.filter(source__workspace__in=owners).select_related("source")
        made.base_fields["members"].queryset = voices.order_by("source__name", "channel", "pk")
        return made

    @admin.display(description=_("voices"))
    def members_named(self, family: Family) -> str:
        """Who belongs to it."""
        return " · ".join(str(voice) for voice in family.voices.all())

    def save_model(self, request: HttpRequest, obj: Family, form: Any, change: bool) -> None:
        """Store through the services."""
        voices, actor = list(form.cleaned_data["members"]), user_of(request)
        if change:
            families.family_change(family=obj, name=obj.name, voices=voices, actor=actor)
            return
        made = families.family_create(workspace=obj.workspace, name=obj.name, voices=voices, actor=actor)
        obj.pk, obj._state.adding = made.pk, False

    def delete_model(self, request: HttpRequest, obj: Family) -> None:
        """Dissolve it."""
        families.family_remove(family=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Family]) -> None:
        """Dissolve the chosen ones."""
        for family in queryset:
            self.delete_model(request, family)


@admin.register(Kinship)
class KinshipAdmin(Verbs):
    """Likely sister channels: what speaks for it, and the decision."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    audit_saves = False
    verbs = {
        "confirm": lambda row, user: kinships.kinship_confirm(kinship=row, editor=user),
        "refuse": lambda row, user: kinships.kinship_refuse(kinship=row, editor=user),
        "reopen": lambda row, user: kinships.kinship_reopen(kinship=row, editor=user),
    }
    list_display = ("pair", "evidence", "standing", "decided")
    list_filter = ("state",)
    list_select_related = ("first__source", "second__source", "decided_by")
    ordering = ("-share", "-id")
    sortable_by = ()
    actions = ("confirm", "refuse", "reopen")
    fields = ("pair", "evidence", "standing", "decided", "buttons", "side_by_side")
    readonly_fields = fields
    empty_text = _("When two channels publish the same texts within minutes of each other, they are suggested here.")

    @admin.display(description=_("channels"))
    def pair(self, row: Kinship) -> SafeString:
        """Who they are."""
        return format_html('<span class="pult-pair"><b>{}</b> <span>{}</span></span>', row.first, row.second)

    @admin.display(description=_("what speaks for it"))
    def evidence(self, row: Kinship) -> SafeString:
        """The figures in words."""
        return format_html('<span class="pult-evidence">{}</span>', evidence_words(row))

    @admin.display(description=_("decision"))
    def standing(self, row: Kinship) -> SafeString:
        """How it was decided."""
        return tag(TONES[row.state], row.get_state_display())

    @admin.display(description=_("decided"), empty_value="–")
    def decided(self, row: Kinship) -> SafeString | None:
        """Who decided, and when."""
        return format_html("{} · {}", row.decided_by, moment(row.decided_at)) if row.decided_by else None

    @admin.display(description="")
    def buttons(self, row: Kinship) -> SafeString:
        """What can be decided."""
        if row.state != Kinship.State.SUGGESTED:
            return format_html('<div class="pult-buttons">{}</div>', self.button(row, "reopen", _t("Take it back")))
        return format_html(
            '<div class="pult-buttons">{}{}</div>',
            self.button(row, "confirm", _t("One publisher: count them once"), is_main=True),
            self.button(row, "refuse", _t("Strangers: keep them apart")),
        )

    def button(self, row: Kinship, verb: str, words: str, *, is_main: bool = False) -> SafeString:
        """One of its buttons."""
        return button("kinship", row.pk, verb, words, is_main=is_main)

    @admin.display(description=_("examples"), empty_value="–")
    def side_by_side(self, row: Kinship) -> SafeString | None:
        """Texts that both published, beside each other."""
        wanted = [pk for pair in row.examples for pk in pair]
        posts = Post.objects.filter(workspace=row.workspace_id).select_related("source").in_bulk(wanted)
        pairs = [(posts[one], posts[other]) for one, other in row.examples if one in posts and other in posts]
        if not pairs:
            return None
        return format_html('<div class="pult-examples">{}</div>', format_html_join("", "<div>{}{}</div>", (
            (example(one), example(other)) for one, other in pairs
        )))  # fmt: skip

    @admin.action(description=_("One publisher"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Kinship]) -> None:
        """Count the chosen pairs once."""
        self.decide(request, queryset, "confirm")

    @admin.action(description=_("Strangers"), permissions=["change"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Kinship]) -> None:
        """Keep the chosen pairs apart."""
        self.decide(request, queryset, "refuse")

    @admin.action(description=_("Take the decision back"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Kinship]) -> None:
        """Leave the chosen pairs undecided."""
        self.decide(request, queryset, "reopen")

    def decide(self, request: HttpRequest, rows: QuerySet[Kinship], verb: str) -> None:
        """Do it to each and say how it went."""
        actor = user_of(request)
        each(rows, lambda row: self.verbs[verb](row, actor)).tell(request)


def evidence_words(row: Kinship) -> str:
    """What speaks for a pair, for an editor: how many are the same, how soon, who is first."""
    fewer = min(row.first_posts, row.second_posts)
    same = ngettext("%(common)d of %(posts)d post is the same", "%(common)d of %(posts)d posts are the same", fewer) % {
        "common": row.common,
        "posts": fewer,
    }
    minutes = round(row.lag_s / 60)
    soon = _t("usually within a minute") if minutes < 1 else (
        ngettext("usually within %d minute", "usually within %d minutes", minutes) % minutes
    )  # fmt: skip
    first = _t("%(voice)s was first %(times)d times") % {"voice": row.first, "times": row.first_ahead}
    return f"{same}, {soon}; {first}."


def example(post: Post) -> SafeString:
    """A post of an example, without its signature: that is what was compared."""
    return format_html(
        '<article><p class="pult-quiet">{} · {}</p><p>{}</p></article>',
        post.channel or post.source,
        date_format(timezone.localtime(post.published_at), "SHORT_DATETIME_FORMAT"),
        Truncator(post.title or post.told).chars(280),
    )
