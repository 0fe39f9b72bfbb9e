"""The page behind an approval link: the text, and two answers. Whoever has the link speaks for the person asked."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.errors import TransitionError
from apps.stories.models import ApprovalAsk
from apps.stories.services.approvals import COMMENT_MAX, approval_answer, ask_by_token, is_readable, refusal_of
from apps.stories.services.legal import UnmarkedError


@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, token: str) -> HttpResponse:
    """Show the text that was sent for approval; take the answer."""
    ask = ask_by_token(token)
    if ask is None:
        raise Http404
    with translation.override(ask.asked.language):
        if request.method == "POST":
            return _answered(request, ask, token)
        return _page(request, ask)


def _answered(request: HttpRequest, ask: ApprovalAsk, token: str) -> HttpResponse:
    """Take the answer and show the page anew; a refusal keeps what was typed."""
    comment, verdict = request.POST.get("comment", ""), request.POST.get("answer", "")
    # Only what was typed under the question for it is a reason: a kind word is none.
    reason = comment if "reason_asked" in request.POST else ""
    if verdict not in {"approve", "return"}:
        return _page(request, ask, comment=comment)
    if verdict == "return" and not comment.strip():
        return _page(request, ask, problem=_("Say what should be changed."), status=400)
    try:
        approval_answer(ask=ask, is_approved=verdict == "approve", comment=comment, reason=reason, way="link")
    except UnmarkedError as exc:
        return _page(request, ask, comment=comment, problem=str(exc), is_reason_asked=True, status=409)
    except TransitionError as exc:
        return _page(request, ask, comment=comment, problem=str(exc), status=409)
    return redirect("approval", token=token)


def _page(
    request: HttpRequest,
    ask: ApprovalAsk,
    *,
    comment: str = "",
    problem: str = "",
    is_reason_asked: bool = False,
    status: int = 200,
) -> HttpResponse:
    ask.refresh_from_db(fields=["answer", "comment", "answered_at"])
    refusal = refusal_of(ask, ask.story)
    context = {
        "ask": ask,
        "version": ask.version,
        "is_answered": ask.answer in {ApprovalAsk.Answer.APPROVED, ApprovalAsk.Answer.RETURNED},
        "is_readable": is_readable(ask),
        "refusal": refusal,
        "problem": problem,
        "is_reason_asked": is_reason_asked,
        "comment": comment,
        "comment_max": COMMENT_MAX,
        "zone": ask.workspace.zone,
    }
    response = render(request, "desk/approval.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    # The address is the key. Not "no-referrer": browsers then send "Origin: null", and no answer would be taken.
    response["Referrer-Policy"] = "strict-origin"
    return response
