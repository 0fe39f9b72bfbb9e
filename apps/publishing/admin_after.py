"""What is done to a publication that is out: buttons on its page, each with a question before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.publishing.models import Channel, Publication
from apps.publishing.services import after

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Publication]
else:
    Base = object

Status = Publication.Status


@dataclass(frozen=True)
class Step:
    """One thing that may be done.

    Attributes:
        lost: what cannot be taken back, or what readers will see.
        field: what a text area asks for; empty where nothing is typed.
        do: the service, given the publication, what was typed, and who asks.
    """

    title: str | Promise
    lost: str | Promise
    button: str | Promise
    done: str | Promise
    do: Callable[[Publication, str, User], object]
    field: str | Promise = ""
    is_danger: bool = False


STEPS = {
    "edit": Step(
        title=_("Change the text"),
        lost=_("Readers see the new text in the same place, marked as edited. Telegram’s markup may stand in it."),
        field=_("Text"),
        button=_("Replace the text"),
        done=_("The new text is on its way."),
        do=lambda row, text, user: after.publication_edit(publication=row, html=text, editor=user),
    ),
    "withdraw": Step(
        title=_("Withdraw with a note"),
        lost=_("The note takes the place of the text; further messages of the publication are deleted, pictures stay."),
        field=_("Note"),
        button=_("Withdraw"),
        done=_("The note is on its way."),
        do=lambda row, text, user: after.publication_withdraw(publication=row, note=text, editor=user),
        is_danger=True,
    ),
    "delete": Step(
        title=_("Delete it there"),
        lost=_(
            "All of its messages are deleted where readers see them, with their comments, views and reactions. This "
            "can’t be taken back; here the text stays on record. Telegram lets bots delete what is younger than 48 "
            "hours; for older posts the bot needs the right to delete."
        ),
        button=_("Delete for good"),
        done=_("It is being deleted."),
        do=lambda row, _text, user: after.publication_delete(publication=row, editor=user),
        is_danger=True,
    ),
    "pin": Step(
        title=_("Pin"),
        lost=_("It stands on top of the channel until it is unpinned."),
        button=_("Pin"),
        done=_("It is being pinned."),
        do=lambda row, _text, user: after.publication_pin(publication=row, editor=user),
    ),
    "unpin": Step(
        title=_("Unpin"),
        lost=_("It stays in its place and does not stand on top of the channel any more."),
        button=_("Unpin"),
        done=_("It is being unpinned."),
        do=lambda row, _text, user: after.publication_pin(publication=row, editor=user, is_pinned=False),
    ),
    "correct": Step(
        title=_("Publish a correction"),
        lost=_("A new publication goes out at once. It says “Correction”, then your words, then a link to this one."),
        field=_("What is right"),
        button=_("Publish the correction"),
        done=_("The correction is on its way."),
        do=lambda row, text, user: after.publication_correct(publication=row, text=text, editor=user),
    ),
}


class AfterMixin(Base):
    """The buttons of a publication that is out."""

    # The bar has room for a few beside the title.
    actions_detail: Any = (
        "after_edit",
        "after_correct",
        {"title": _("More"), "items": ["repeat", "after_pin", "after_unpin", "after_withdraw", "after_delete"]},
    )

    def has_alter_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the text may be changed."""
        return self._may(request, obj, "publication.change", {Status.SENT})

    def has_amend_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a correction may link to it."""
        row = self._row(request, obj)
        has_link = row is None or bool(row.message_url)
        return has_link and self._may(request, obj, "publication.change", {Status.SENT, Status.WITHDRAWN})

    def has_pinning_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be pinned."""
        return self._may_pin(request, obj, is_pinned=False)

    def has_unpinning_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be unpinned."""
        return self._may_pin(request, obj, is_pinned=True)

    def has_removal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may be deleted where readers see it."""
        row = self._row(request, obj)
        is_there = row is None or bool(row.message_id)
        allowed = {Status.SENT, Status.WITHDRAWN, Status.FAILED}
        return is_there and self._may(request, obj, "publication.delete", allowed)

    @action(description=_("Change the text"), url_path="edit", permissions=["alter"])  # type: ignore[untyped-decorator]
    def after_edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the new text."""
        return self._step(request, object_id, "edit")

    @action(description=_("Correction"), url_path="correct", permissions=["amend"])  # type: ignore[untyped-decorator]
    def after_correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what is right."""
        return self._step(request, object_id, "correct")

    @action(description=_("Pin"), url_path="pin", permissions=["pinning"])  # type: ignore[untyped-decorator]
    def after_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Pin it."""
        return self._step(request, object_id, "pin")

    @action(description=_("Unpin"), url_path="unpin", permissions=["unpinning"])  # type: ignore[untyped-decorator]
    def after_unpin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Unpin it."""
        return self._step(request, object_id, "unpin")

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["alter"])  # type: ignore[untyped-decorator]
    def after_withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the note."""
        return self._step(request, object_id, "withdraw")

    @action(description=_("Delete there"), url_path="remove", permissions=["removal"])  # type: ignore[untyped-decorator]
    def after_delete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once."""
        return self._step(request, object_id, "delete")

    def _step(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        back = HttpResponseRedirect(reverse("admin:publishing_publication_change", args=[row.pk]))
        step, problem = STEPS[name], ""
        typed = request.POST.get("text", "").replace("\x00", "").replace("\r\n", "\n")
        if request.method == "POST":
            try:
                step.do(row, typed, user_of(request))
            except PultError as exc:
                problem = str(exc)
            else:
                messages.success(request, str(step.done))
                return back
        context = {
            **self.admin_site.each_context(request),
            "title": step.title,
            "opts": self.opts,
            "row": row,
            "step": step,
            "typed": typed or (row.html if name == "edit" else ""),
            "problem": problem,
        }
        return TemplateResponse(request, "publishing/after.html", context, status=409 if problem else 200)

    def _row(self, request: HttpRequest, obj: Any) -> Publication | None:
        return obj if obj is None or isinstance(obj, Publication) else self.get_object(request, str(obj))

    def _may(self, request: HttpRequest, obj: Any, verb: str, statuses: set[Status]) -> bool:
        row = self._row(request, obj)
        return (row is None or row.status in statuses) and self.allows(request, verb, row)

    def _may_pin(self, request: HttpRequest, obj: Any, *, is_pinned: bool) -> bool:
        row = self._row(request, obj)
        fits = row is None or (row.is_pinned == is_pinned and row.channel.kind == Channel.Kind.TELEGRAM)
        return fits and self._may(request, obj, "publication.change", {Status.SENT, Status.WITHDRAWN})
