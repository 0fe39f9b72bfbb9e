"""The demo workspace: an invented town whose media Pult collects, so that a newcomer sees every part at work."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.members import member_invite, workspace_create
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import audit_record
from apps.core.errors import PultError
from apps.desk.services.demo_content import demo_content, demo_export
from apps.publishing.models import Channel, Publication
from apps.publishing.services import channel_create, publication_schedule
from apps.sources.models import FilterRule, ImportFile, Source
from apps.sources.services import import_request, source_create, source_save
from apps.sources.services.filters import Draft, rules_save
from apps.stories.models import Preset, Story
from apps.stories.services import story_approve

SLUG = "severodol"
NAME = "Демо: Северодол"
INTERVAL_S = 120
EDITOR = "editor@severodol.example"
PEOPLE = (
    ("owner@severodol.example", "Ольга Владимирова, владелец", Membership.Role.OWNER),
    (EDITOR, "Егор Редькин, редактор", Membership.Role.EDITOR),
    ("client@severodol.example", "Клавдия Заказова, клиент", Membership.Role.CLIENT),
)
PRESETS = (
    {
        "name": "Коротко и спокойно",
        "instructions": "Начни с главного факта. Сохрани числа, имена и названия. Ничего не добавляй от себя.",
        "tone": "спокойный, нейтральный",
        "length": 700,
        "is_default": True,
        "drafts_from_sources": 2,
    },
    {
        "name": "Подробно, с предысторией",
        "instructions": "Собери подробности из источников, расхождения назови прямо. Закончи тем, что будет дальше.",
        "tone": "деловой",
        "length": 2000,
    },
)
PLAY_WAIT_S = 120.0
PLAY_STEP_S = 0.5
PLAY_PATIENCE_S = 8.0  # so long it waits for a story that several media tell
PLAY_SOURCES = 4


def demo_workspace() -> Workspace | None:
    """The demo's workspace, if it is loaded."""
    return Workspace.objects.filter(slug=SLUG).first()


def demo_loaded_at() -> datetime | None:
    """When the demo was loaded; its posts are dated from then."""
    return Workspace.objects.filter(slug=SLUG).values_list("created_at", flat=True).first()


def demo_load() -> Workspace:
    """Make the demo workspace with all that belongs to it; what is there already is left alone.

    The export's file is stored after the rows, outside their transaction; the next call mends a kill between.
    """
    workspace = _rows()
    export = Source.objects.get(workspace=workspace, name=demo_content().export_title)
    if not ImportFile.objects.filter(source=export).exists():
        import_request(source=export, file=ContentFile(demo_export(workspace.created_at)), name="result.json")
    return workspace


@transaction.atomic
def _rows() -> Workspace:
    workspace = demo_workspace() or workspace_create(name=NAME, slug=SLUG, language="ru")
    for email, name, role in PEOPLE:
        if not Membership.objects.filter(workspace=workspace, user__email=email).exists():
            member_invite(workspace=workspace, email=email, role=role, name=name, actor=None)
    for preset in PRESETS:
        Preset.objects.get_or_create(workspace=workspace, name=preset["name"], defaults=preset)
    if not Channel.objects.filter(workspace=workspace).exists():
        channel_create(
            workspace=workspace,
            kind=Channel.Kind.PREVIEW,
            name="Северодол. Главное",
            slug=SLUG,
            about="Главные новости выдуманного города. Всё здесь придумано.",
        )
    _sources(workspace)
    demo_move()
    return workspace


def _sources(workspace: Workspace) -> None:
    """The feeds, and the export's source."""
    content = demo_content()
    known = set(Source.objects.filter(workspace=workspace).values_list("name", flat=True))
    for feed in content.feeds.values():
        if feed.title not in known:
            source = source_create(
                workspace=workspace,
                kind=Source.Kind.FEED,
                name=feed.title,
                url=feed_url(feed.slug),
                interval_s=INTERVAL_S,
                is_adaptive=False,
            )
            if feed.unwanted:
                rules_save(owner=source, drafts=[Draft(FilterRule.Kind.WORDS, value=feed.unwanted)])
    if content.export_title not in known:
        source_create(workspace=workspace, kind=Source.Kind.EXPORT, name=content.export_title)


def feed_url(slug: str) -> str:
    """Where the project serves a demo feed to itself."""
    return f"{settings.OWN_URL}/demo/feeds/{slug}.xml"


@transaction.atomic
def demo_move() -> int:
    """Point the demo's feeds at the address that the site has now; returns how many had another."""
    slugs = {feed.title: feed.slug for feed in demo_content().feeds.values()}
    moved = 0
    for source in Source.objects.filter(workspace__slug=SLUG, kind=Source.Kind.FEED, name__in=slugs):
        url = feed_url(slugs[source.name])
        if source.url != url and urlsplit(source.url).path == urlsplit(url).path:
            source.url = url
            source_save(source=source, changed=["url"])
            moved += 1
    return moved


def demo_reset() -> Workspace:
    """Throw the demo workspace away with all that came of it, and load it anew."""
    workspace = demo_workspace()
    if workspace is not None:
        files = [row.file for row in ImportFile.objects.filter(workspace=workspace)]
        with transaction.atomic():
            audit_record(verb="demo.reset", target=workspace)
            workspace.delete()
        for file in files:
            file.delete(save=False)
    return demo_load()


@transaction.atomic
def demo_passwords() -> list[tuple[str, str]]:
    """Give the demo's people new passwords and return them, for showing once."""
    made = []
    for user in User.objects.filter(email__in=[email for email, _name, _role in PEOPLE]).order_by("email"):
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save(update_fields=["password"])
        made.append((str(user.email), password))
    return made


def demo_play(*, wait_s: float = PLAY_WAIT_S) -> Publication | None:
    """Wait for a story with a draft, then approve and publish it as the demo's editor would; once.

    Returns None where the demo is not loaded, something is published already, or no draft came in time.
    """
    workspace = demo_workspace()
    if workspace is None or Publication.objects.filter(workspace=workspace).exists():
        return None
    began = time.monotonic()
    while time.monotonic() - began < wait_s:
        story = _playable(workspace, choosy=time.monotonic() - began < PLAY_PATIENCE_S)
        if story is not None and (publication := _played(story)) is not None:
            return publication
        time.sleep(PLAY_STEP_S)
    return None


def _playable(workspace: Workspace, *, choosy: bool) -> Story | None:
    """The best story that has a draft; at first only one that many media tell."""
    drafted = Story.objects.filter(
        workspace=workspace, status__in=[Story.Status.NEW, Story.Status.DRAFT], current_version__isnull=False
    )
    if choosy:
        drafted = drafted.filter(sources_count__gte=PLAY_SOURCES)
    return drafted.order_by("-sources_count", "-last_at").first()


def _played(story: Story) -> Publication | None:
    editor = User.objects.get(email=EDITOR)
    channel = Channel.objects.filter(workspace=story.workspace, kind=Channel.Kind.PREVIEW).order_by("pk").first()
    if channel is None:
        return None
    try:
        with transaction.atomic():
            story_approve(story=story, editor=editor)
            return publication_schedule(story=story, channel=channel, editor=editor)
    except PultError:
        return None  # a person was faster, or the draft is being replaced; look again


def demo_words(publication: Publication | None) -> str:
    """What playing came to, in one line."""
    if publication is None:
        return _("Nothing was published: no draft was ready, or the demo has published already.")
    return _("Published in “%(channel)s”: %(title)s") % {"channel": publication.channel, "title": publication.title}
