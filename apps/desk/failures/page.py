"""The screen: all that failed in one list, a line's rows, and the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import has_back_office
from apps.accounts.models import Alert, Workspace
from apps.accounts.requests import shown_of, user_of
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.desk.failures.acts import DEEDS, act, chosen_rows
from apps.desk.failures.counts import Found, found
from apps.desk.failures.lines import Line, LineKey, Wanted, lines_of, of_line, parted
from apps.desk.failures.opened import JOBS, opened
from apps.desk.failures.shown import Shown, line_shown, newest_rows, row_shown, spaced, trouble_shown, with_about
from apps.desk.failures.troubles import Trouble

PER_PAGE = 50
KEYS_MOST = 200
REASON_MOST = 500


@require_GET
@admin.site.admin_view
def failures(request: HttpRequest) -> HttpResponse:
    """All that failed and stands still in what the user sees; `?line=` opens what failed alike."""
    if not has_back_office(user_of(request)):
        raise PermissionDenied
    all_found = found(request)  # before the frame, whose badge shows its number
    wanted, places = wanted_of(request.GET), {each.pk: each for each in shown_of(request)}
    if "line" in request.GET:
        context = line_context(request.GET, all_found, wanted, places)
    else:
        context = list_context(request.GET, all_found, wanted, places)
    frame = {
        **admin.site.each_context(request),
        "title": _("What failed"),
        "is_fullwidth": True,
        "wanted": wanted,
        "kept": {name: value for name, value in asked_of(wanted).items() if name != "state"},
        "several": len(places) > 1,
    }
    return render(request, "desk/failures.html", frame | context)


def wanted_of(given: QueryDict) -> Wanted:
    """What is asked for; what makes no sense is left out."""
    job, state, workspace = given.get("job", ""), given.get("state", ""), given.get("workspace", "")
    return Wanted(
        job=job if job in JOBS else "",
        state=state if state in {"failed", "doubt", "standing"} else "",
        workspace=int(workspace) if workspace.isdigit() and len(workspace) < 18 else 0,
        cause=given.get("cause", "").replace("\0", "").strip()[:100],
    )


def asked_of(wanted: Wanted) -> dict[str, str]:
    """What is asked for, as parameters."""
    given = {"job": wanted.job, "state": wanted.state, "cause": wanted.cause}
    given["workspace"] = str(wanted.workspace) if wanted.workspace else ""
    return {name: value for name, value in given.items() if value}


def list_context(given: QueryDict, all_found: Found, wanted: Wanted, places: Mapping[int, Workspace]) -> dict[str, Any]:
    """The lines that are asked for, one page of them, and the choices with their numbers."""
    at = now()
    troubles = [each for each in all_found.stands.troubles if is_wanted(each, wanted)]
    lines = lines_of(all_found.opened, wanted) if wanted.cause else all_found.lines_of(wanted)
    page: Any = Paginator([*troubles, *lines], PER_PAGE).get_page(given.get("p"))
    shown = [trouble_shown(each, at, places) for each in page if isinstance(each, Trouble)]
    shown += lines_shown(all_found, [each for each in page if isinstance(each, Line)], wanted, places)
    numbers = all_found.numbers
    tabs = [
        ("", _("All"), numbers.total),
        ("failed", _("Failed"), numbers.failed),
        ("doubt", _("In doubt"), numbers.doubt),
        ("standing", _("Stands still"), numbers.standing),
    ]
    return {
        "page": page,
        "shown": shown,
        "numbers": numbers,
        "tabs": [(name, title, spaced(count)) for name, title, count in tabs],
        "jobs": [(name, title) for name, title in JOBS.items() if name in jobs_of(all_found)],
        "places": list(places.values()),
        "query": urlencode(asked_of(wanted)),
        "quiet_since": None if numbers.total else quiet_since(list(places.values())),
        "deeds": [deed for deed in DEEDS if any(deed in dict(each.deeds) for each in shown)],
    }


def lines_shown(
    all_found: Found, lines: Sequence[Line], wanted: Wanted, places: Mapping[int, Workspace]
) -> list[Shown]:
    """The lines of one page; those whose code tells nothing by how their words begin."""
    kinds = all_found.opened
    lines = [part for line in lines for part in parted(kinds[line.kind], line, wanted)]
    newest = newest_rows(kinds, lines)
    at = now()
    return [line_shown(kinds[each.kind], each, newest.get((each.kind, each.newest)), at, places) for each in lines]


def jobs_of(all_found: Found) -> set[str]:
    """The jobs that the filter offers."""
    return {each.job for each in all_found.opened.values()} | {each.job for each in all_found.stands.troubles}


def is_wanted(trouble: Trouble, wanted: Wanted) -> bool:
    """Whether something that stands still is asked for."""
    said = f"{trouble.text} {trouble.note}".casefold()
    return (
        wanted.state in {"", "standing"}
        and wanted.job in {"", trouble.job}
        and (not wanted.workspace or trouble.workspace_id in {0, wanted.workspace})
        and all(word in said for word in wanted.cause.casefold().split())
    )


def quiet_since(places: Sequence[Workspace]) -> Any:
    """When the last alert was settled; None where there never was one."""
    settled = Alert.objects.filter(workspace__in=places, closed_at__isnull=False).order_by("-closed_at")
    return settled.values_list("closed_at", flat=True).first()


def line_context(given: QueryDict, all_found: Found, wanted: Wanted, places: Mapping[int, Workspace]) -> dict[str, Any]:
    """The rows of one line, newest first; 404 for a line that the user does not see."""
    key = LineKey.read(given.get("line", ""))
    kind = all_found.opened.get(key.kind) if key else None
    if key is None or kind is None or key.workspace_id not in {each.pk for each in kind.workspaces}:
        raise Http404
    rows = of_line(kind, key, wanted)
    count = rows.count()
    number = given.get("p", "1")
    last = max(1, -(-count // PER_PAGE))
    place = min(max(int(number) if number.isdigit() and len(number) < 9 else 1, 1), last)
    keys = list(rows.order_by("-pk").values_list("pk", flat=True)[(place - 1) * PER_PAGE : place * PER_PAGE])
    at = now()
    shown = [row_shown(kind, row, at, places) for row in with_about(kind).filter(pk__in=keys).order_by("-pk")]
    deeds = shown[0].deeds if shown else ()
    return {
        "line": given["line"],
        "line_title": kind.words,
        "line_deeds": deeds,
        "count": count,
        "count_words": spaced(count),
        "shown": shown,
        "deeds": [deed for deed, _words in deeds],
        "number": place,
        "last": last,
        "query": urlencode({**asked_of(wanted), "line": given["line"]}),
    }


@require_POST
@admin.site.admin_view
def failures_act(request: HttpRequest) -> HttpResponse:
    """A pressed button: over the chosen lines and rows, or over the one that it stands beside."""
    if not has_back_office(user_of(request)):
        raise PermissionDenied
    deed, keys = pressed(request.POST)
    wanted = wanted_of(request.POST)
    line = request.POST.get("line", "")
    back = urlencode({**asked_of(wanted), **({"line": line} if line else {})})
    address = f"{reverse('desk:failures')}?{back}" if back else reverse("desk:failures")
    if deed not in DEEDS:
        return redirect(address)
    if not keys:
        messages.warning(request, _("Choose something first."))
        return redirect(address)
    reason = request.POST.get("reason", "").strip()[:REASON_MOST]
    chosen = chosen_rows(opened(request), deed, keys, wanted)
    if deed == "give_up" and chosen and not reason:
        return ask_reason(request, chosen, keys, wanted, address)
    report = act(chosen, deed, by=user_of(request), reason=reason)
    report.tell(request)
    tell_rest(request, chosen)
    return redirect(address if is_there(request, line, wanted) else reverse("desk:failures"))


def pressed(given: QueryDict) -> tuple[str, list[str]]:
    """Which button, and what it is about."""
    deed, mark, key = given.get("only", "").partition(":")
    if mark:
        return deed, [key]
    return given.get("do", ""), given.getlist("chosen")[:KEYS_MOST]


def is_there(request: HttpRequest, line: str, wanted: Wanted) -> bool:
    """Whether the page that the button stood on still has something to show."""
    key = LineKey.read(line)
    if key is None:
        return True
    kind = opened(request).get(key.kind)
    return kind is not None and of_line(kind, key, wanted).exists()


def tell_rest(request: HttpRequest, chosen: Sequence[Any]) -> None:
    """Say what did not fit into one press, or that there was nothing left to do."""
    if not chosen:
        messages.warning(request, _("Nothing was done: it was settled meanwhile, or your role does not allow it."))
    more = sum(each.more for each in chosen)
    if more:
        words = ngettext(
            "%s more of the same is left: press again.", "%s more of the same are left: press again.", more
        )
        messages.info(request, words % spaced(more))


def ask_reason(
    request: HttpRequest, chosen: Sequence[Any], keys: Sequence[str], wanted: Wanted, address: str
) -> HttpResponse:
    """The page between choosing and giving up: what it is, and why."""
    context = {
        **admin.site.each_context(request),
        "title": _("Give up"),
        "told": [(each.kind.words, spaced(len(each.rows) + each.more)) for each in chosen],
        "in_doubt": any(each.state == WorkRow.State.UNKNOWN for each in chosen),
        "keys": keys,
        "asked": asked_of(wanted),
        "line": request.POST.get("line", ""),
        "back": address,
        "missing": "reason" in request.POST,
    }
    return render(request, "desk/failures_reason.html", context)
