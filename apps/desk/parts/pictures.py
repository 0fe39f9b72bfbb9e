"""The workbench's part `pictures`: candidates for the story's picture, where they come from, and the chosen one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import can
from apps.accounts.models import User
from apps.accounts.requests import user_of
from apps.ai.illustrators import illustrator_for
from apps.core.errors import TransitionError
from apps.desk.story_page import StoryPage
from apps.desk.story_request import number_of, story_for, told
from apps.sources.models import Post, PostMedia
from apps.stories.models import Illustrating, Illustration, Story
from apps.stories.services import illustrating, illustrations
from apps.stories.services.pictures import BYTES_MAX, RATIOS, cut

SHOWN = 24
VERB = "story.rewrite"


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """The pictures, what is being made, what the posts have, and what would be asked for."""
    story = page.story
    pictures = list(Illustration.objects.filter(story=story).order_by("-is_chosen", "-created_at", "-pk")[:SHOWN])
    makings = list(Illustrating.objects.filter(story=story).order_by("-pk")[:3])
    photos = PostMedia.objects.filter(post__membership__story=story, kind=Post.Kind.PHOTO, stored__isnull=False)
    illustrator = illustrator_for(story.workspace)
    return {
        "chosen": next((one for one in pictures if one.is_chosen), None),
        "pictures": pictures,
        "makings": [row for row in makings if row.state in illustrating.LIVE],
        "failed": next((row for row in makings[:1] if has_failed(row)), None),
        "doubtful": doubtful_of(story),
        "photos": list(photos.select_related("post__source", "stored")[:12]),
        "illustrator": illustrator.label if illustrator else "",
        "price": illustrator.price_of(1) if illustrator else 0,
        "prompt": illustrating.prompt_suggested(story),
        "words": (page.version.title if page.version else "") or story.title,
        "ratios": list(RATIOS),
        "may_edit": can(user, VERB, story.workspace),
    }


def has_failed(row: Illustrating) -> bool:
    """Did it end badly, and not because somebody stopped it?"""
    return row.state == Illustrating.State.DEAD and row.error_code != illustrating.GIVEN_UP


def doubtful_of(story: Story) -> list[dict[str, Any]]:
    """Makings that a person has to decide about: nobody knows whether they were paid, or they were and got lost."""
    rows = Illustrating.objects.filter(story=story).unknown().order_by("-pk")[:3]
    return [{"row": row, "paid": row.answer["cost_usd"] if row.answer else ""} for row in rows]


def back_to(story: Story) -> HttpResponse:
    """The workbench, at its pictures."""
    answer: HttpResponse = redirect("desk:story", pk=story.pk)
    answer["Location"] += "#wb-pictures"
    return answer


def picture_of(request: HttpRequest, pk: int, number: int, *, verb: str = VERB) -> Illustration:
    """A picture of a story that the user may touch; else 404 or 403."""
    story = story_for(request, pk, verb=verb)
    found = Illustration.objects.filter(story=story, pk=number).select_related("story").first()
    if found is None:
        raise Http404
    return found


@require_POST
@admin.site.admin_view
def pictures_draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Have covers or pictures made."""
    story = story_for(request, pk, verb=VERB)
    told(
        request,
        lambda: illustrating.illustrations_request(
            story=story,
            way=request.POST.get("way", ""),
            prompt=request.POST.get("prompt", ""),
            count=number_of(request.POST.get("count", "1")) or 0,
            editor=user_of(request),
        ),
        _("The pictures are being made."),
    )
    return back_to(story)


@require_POST
@admin.site.admin_view
def pictures_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a making."""
    story = story_for(request, pk, verb=VERB)
    row = making_of(request, story)
    told(request, lambda: illustrating.illustrating_cancel(row=row, editor=user_of(request)), _("Cancelled."))
    return back_to(story)


@require_POST
@admin.site.admin_view
def pictures_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask again for pictures that failed or that nobody knows of, or leave them."""
    story, editor = story_for(request, pk, verb=VERB), user_of(request)
    row = making_of(request, story)
    if request.POST.get("do") == "leave":
        reason = _("Left: nobody knows what became of it.")
        told(request, lambda: illustrating.illustrating_cancel(row=row, editor=editor, reason=reason), _("Left."))
    else:
        again = _("The pictures are asked for again.")
        told(request, lambda: illustrating.illustrating_again(row=row, editor=editor), again)
    return back_to(story)


def making_of(request: HttpRequest, story: Story) -> Illustrating:
    """The making that a form names; else 404."""
    row = Illustrating.objects.filter(story=story, pk=number_of(request.POST.get("making", "")) or 0).first()
    if row is None:
        raise Http404
    return row


@require_POST
@admin.site.admin_view
def picture_upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a picture of the editor's own."""
    story = story_for(request, pk, verb=VERB)

    def keep() -> None:
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile) or not file.size:
            raise TransitionError(_("Choose a picture first."))
        if file.size > BYTES_MAX:
            raise TransitionError(_("The picture is larger than 20 MB."))
        illustrations.illustration_upload(story=story, content=file.read(), editor=user_of(request))

    told(request, keep, _("The picture is kept."))
    return back_to(story)


@require_POST
@admin.site.admin_view
def picture_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a picture of one of the story's posts."""
    story = story_for(request, pk, verb=VERB)
    wanted = number_of(request.POST.get("media", "")) or 0
    media = PostMedia.objects.filter(pk=wanted, post__membership__story=story).first()
    if media is None:
        raise Http404
    editor = user_of(request)
    told(
        request,
        lambda: illustrations.illustration_from_source(story=story, media=media, editor=editor),
        _("The picture is taken, with its credit."),
    )
    return back_to(story)


@require_POST
@admin.site.admin_view
def picture_change(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Choose, describe, cut or remove a picture."""
    found, editor, form = picture_of(request, pk, number), user_of(request), request.POST
    match form.get("do", ""):
        case "choose":
            told(request, lambda: illustrations.illustration_choose(illustration=found, editor=editor), _("Chosen."))
        case "unchoose":
            told(
                request,
                lambda: illustrations.illustration_choose(illustration=found, editor=editor, is_chosen=False),
                _("The story has no picture now."),
            )
        case "remove":
            told(request, lambda: illustrations.illustration_remove(illustration=found, editor=editor), _("Removed."))
        case "crop":
            x, y = share_in(form.get("x", "")), share_in(form.get("y", ""))
            ratio = form.get("ratio", "")
            told(
                request,
                lambda: illustrations.illustration_crop(illustration=found, ratio=ratio, x=x, y=y, editor=editor),
                _("Cut."),
            )
        case "describe":
            tags = [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()][:20]
            words = {name: form.get(name, "") for name in ("title", "alt", "credit")}
            told(
                request,
                lambda: illustrations.illustration_describe(illustration=found, tags=tags, editor=editor, **words),
                _("Saved."),
            )
        case _other:
            raise Http404
    return back_to(found.story)


def share_in(text: str) -> float:
    """A place between 0 and 1; the middle where it is none."""
    try:
        value = float(text)
    except ValueError:
        return 0.5
    return value if 0 <= value <= 1 else 0.5


def picture_file(request: HttpRequest, pk: int, number: int) -> HttpResponse | FileResponse:
    """The picture itself, cut as it will be shown; `?whole` gives all of it."""
    found = picture_of(request, pk, number, verb="stories.view_story")
    answer: HttpResponse | FileResponse
    try:
        file = found.file.open("rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    if not found.crop or "whole" in request.GET:
        answer = FileResponse(file, content_type=found.mime)
    else:
        with file:
            shown = cut(file.read(), found.crop)
        answer = HttpResponse(shown.content, content_type=shown.mime)
    patch_cache_control(answer, private=True, max_age=3600)  # only of a picture: a way to the log-in is not kept
    return answer


urlpatterns = [
    path("stories/<int:pk>/pictures/draw/", pictures_draw, name="pictures_draw"),
    path("stories/<int:pk>/pictures/cancel/", pictures_cancel, name="pictures_cancel"),
    path("stories/<int:pk>/pictures/again/", pictures_again, name="pictures_again"),
    path("stories/<int:pk>/pictures/upload/", picture_upload, name="picture_upload"),
    path("stories/<int:pk>/pictures/take/", picture_take, name="picture_take"),
    path("stories/<int:pk>/pictures/<int:number>/", picture_change, name="picture_change"),
    path(
        "stories/<int:pk>/pictures/<int:number>/file/",
        require_GET(admin.site.admin_view(picture_file, cacheable=True)),
        name="picture_file",
    ),
]
