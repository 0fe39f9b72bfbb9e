"""Pictures of a story: drawn, generated, uploaded, taken, chosen, cut."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageCms
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.ai.models import Spend
from apps.core.errors import PermanentError, TransitionError
from apps.sources.models import MediaFile, PostMedia
from apps.stories.models import Illustrating, Illustration, Story
from apps.stories.services import illustrating, illustrations
from apps.stories.services.pictures import crop_of, cut, picture_read
from apps.stories.tasks import illustrations_draw
from tests.servers import openai_images, site
from tests.servers.openai_images import png
from tests.stories.factories import MembershipFactory, StoryFactory, StoryPostFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create(name="Тихая Гавань")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    user: User = MembershipFactory.create(workspace=workspace, user__language="en").user
    return user


@pytest.fixture
def story(workspace: Workspace) -> Story:
    return StoryFactory.create(workspace=workspace, title="Мост открыт")


def asked(story: Story, editor: User, way: str = "cover", count: int = 2, prompt: str = "Мост открыт") -> Illustrating:
    return illustrating.illustrations_request(story=story, way=way, prompt=prompt, count=count, editor=editor)


def test_covers_are_drawn_and_differ(story: Story, editor: User) -> None:
    row = asked(story, editor, count=3)
    illustrations_draw()
    made = list(Illustration.objects.filter(story=story))
    assert [(one.kind, one.width, one.height, one.provider) for one in made] == [
        ("cover", 1280, 720, "typographic cover")
    ] * 3
    assert len({one.content_hash for one in made}) == 3
    assert {one.made_by for one in made} == {row}
    assert not Spend.objects.exists(), "covers are free"


@pytest.mark.parametrize(
    "words", ["я" * 400, "Одно", "Длинное слово превысокомногорассмотрительствующий " * 8, "👍 ok"]
)
def test_any_words_fit_a_cover(story: Story, editor: User, words: str) -> None:
    asked(story, editor, count=1, prompt=words)
    illustrations_draw()
    assert Illustration.objects.count() == 1


def test_a_model_is_asked_byte_for_byte_and_paid(
    story: Story, editor: User, settings: Settings, workspace: Workspace
) -> None:
    with openai_images.running() as server:
        settings.AI_ILLUSTRATOR, settings.AI_API_URL, settings.AI_API_KEY = "openai", server.base_url, "k"
        settings.AI_IMAGE_PRICE_USD = 0.06
        asked(story, editor, "generate", count=2, prompt="A bridge, morning light")
        illustrations_draw()
        (request,) = server.log.of("/v1/images/generations")
    assert (request.params["prompt"], request.params["n"]) == ("A bridge, morning light", 2)
    made = list(Illustration.objects.filter(story=story))
    assert [(one.kind, one.prompt, one.cost_usd) for one in made] == [
        ("generated", "A bridge, morning light", Decimal("0.06"))
    ] * 2
    assert [(row.purpose, row.cost_usd, row.reserved_until) for row in Spend.objects.all()] == [
        ("illustration", Decimal("0.12"), None)
    ]


def test_pictures_behind_addresses_are_fetched(story: Story, editor: User, settings: Settings) -> None:
    with openai_images.running(by_address=True) as server:
        settings.AI_ILLUSTRATOR, settings.AI_API_URL, settings.AI_API_KEY = "openai", server.base_url, "k"
        settings.HTTP_ALLOW_PRIVATE = [server.url.removeprefix("http://")]
        asked(story, editor, "generate", count=2)
        illustrations_draw()
    assert Illustration.objects.count() == 2


def test_a_plain_address_gives_pictures(story: Story, editor: User, settings: Settings) -> None:
    with site.running() as server:
        server.page("/draw", png(), content_type="image/png")
        settings.AI_ILLUSTRATOR = "http"
        settings.AI_IMAGE_URL = f"{server.url}/draw?words={{prompt}}&w={{width}}&n={{seed}}"
        asked(story, editor, "generate", count=1, prompt="мост & утро")
        illustrations_draw()
        (request,) = server.log.of("/draw")
    assert (request.params["words"], request.params["w"], request.params["n"]) == ("мост & утро", "1280", "1")
    assert Illustration.objects.get().provider == "127.0.0.1"


@pytest.mark.parametrize(("fault", "code"), [({"kind": "400", "status": 400}, "refused"), (None, "no_picture")])
def test_a_refusal_is_told_and_kept(
    story: Story, editor: User, settings: Settings, fault: dict[str, object] | None, code: str
) -> None:
    with openai_images.running(broken=fault is None) as server:
        settings.AI_ILLUSTRATOR, settings.AI_API_URL, settings.AI_API_KEY = "openai", server.base_url, "k"
        if fault:
            server.faults.add("error", status=400, times=9)
        row = asked(story, editor, "generate", count=1)
        illustrations_draw()
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("dead", code)
    assert row.error
    assert not Spend.objects.filter(reserved_until__isnull=False).exists()
    paid = Spend.objects.count()
    assert paid == (1 if fault is None else 0), "what came is paid for, even if it can't be used"


def test_what_is_paid_for_and_lost_on_the_way_is_not_asked_for_again(
    story: Story, editor: User, settings: Settings
) -> None:
    with openai_images.running(by_address=True) as server:
        settings.AI_ILLUSTRATOR, settings.AI_API_URL, settings.AI_API_KEY = "openai", server.base_url, "k"
        settings.AI_IMAGE_PRICE_USD = 0.06  # and its addresses are private ones, which are not fetched
        row = asked(story, editor, "generate", count=2)
        illustrations_draw()
        assert len(server.log.of("/v1/images/generations")) == 1
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("dead", "not_fetched")
    assert [(one.cost_usd, one.reserved_until) for one in Spend.objects.all()] == [(Decimal("0.12"), None)]


def test_a_plain_address_may_think_as_long_as_a_model(
    story: Story, editor: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.http.client.READ_TIMEOUT_S", 0.2)
    settings.HTTP_TIMEOUT_S, settings.AI_TIMEOUT_S = 0.2, 30.0
    with site.running() as server:
        server.page("/draw", png(), content_type="image/png", delay_s=0.6)
        settings.AI_ILLUSTRATOR, settings.AI_IMAGE_URL = "http", f"{server.url}/draw?words={{prompt}}"
        asked(story, editor, "generate", count=1)
        illustrations_draw()
    assert Illustration.objects.count() == 1


def test_what_a_plain_address_gave_before_it_failed_is_kept(story: Story, editor: User, settings: Settings) -> None:
    with site.running() as server:
        server.page("/1", png(), content_type="image/png")
        server.page("/2", b"busy", content_type="text/plain")
        settings.AI_ILLUSTRATOR, settings.AI_IMAGE_PRICE_USD = "http", 0.5
        settings.AI_IMAGE_URL = f"{server.url}/{{seed}}?words={{prompt}}"
        row = asked(story, editor, "generate", count=3)
        illustrations_draw()
        assert len(server.log.of("/1")) == 1
    row.refresh_from_db()
    assert (row.state, Illustration.objects.count()) == ("done", 1)
    assert Spend.objects.get().cost_usd == Decimal("1.0"), "the second may have been made as well"


def test_the_budget_holds(story: Story, editor: User, settings: Settings, workspace: Workspace) -> None:
    settings.AI_ILLUSTRATOR, settings.AI_IMAGE_PRICE_USD, settings.AI_DAILY_BUDGET_USD = "openai", 1.0, 1.5
    row = asked(story, editor, "generate", count=2)
    illustrations_draw()
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("dead", "budget_spent")


def test_without_an_illustrator_only_covers_are_made(story: Story, editor: User) -> None:
    with pytest.raises(TransitionError, match="Nobody is set up"):
        asked(story, editor, "generate")


def test_enough_is_enough(story: Story, editor: User) -> None:
    for _ in range(3):
        asked(story, editor)
    with pytest.raises(TransitionError, match="Enough pictures"):
        asked(story, editor)


def photo(size: tuple[int, int] = (800, 600), kind: str = "JPEG", **more: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "#884422").save(file, kind, **more)
    return file.getvalue()


def test_an_upload_loses_what_the_camera_added(story: Story, editor: User) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x9286] = 6, "at home"  # turned by a quarter; a comment
    content = photo(exif=exif.tobytes(), comment="at home", xmp=b"<x>at home</x>")
    made = illustrations.illustration_upload(story=story, content=content, editor=editor)
    again = illustrations.illustration_upload(story=story, content=content, editor=editor)
    assert (made.width, made.height, made.alt) == (600, 800, "Мост открыт")
    assert again == made
    with made.file.open("rb") as file:
        assert b"at home" not in file.read()
    assert len(files_in(made)) == 1, "the second one's file is gone again"


def files_in(one: Illustration) -> list[str]:
    folder, _slash, _name = str(one.file.name).rpartition("/")
    return list(one.file.storage.listdir(folder)[1])


def test_colours_keep_their_profile_and_large_pictures_are_made_smaller() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept = picture_read(photo((6000, 3000), icc_profile=profile))
    with Image.open(io.BytesIO(kept.content)) as shown:
        assert (shown.size, shown.info.get("icc_profile")) == ((2560, 1280), profile)


def test_a_refused_pictures_file_is_not_kept(story: Story, editor: User, tmp_path: Path) -> None:
    story.pk, gone = 0, story.pk
    with pytest.raises(Story.DoesNotExist):
        illustrations.illustration_upload(story=story, content=photo(), editor=editor)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert Story.objects.filter(pk=gone).exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_picture"),
        (b"GIF89a" + b"x" * 50, "no_picture"),
        (photo((50, 50)), "too_small"),
        (photo((100, 5000)), "too_small"),
        (b"x" * 20_000_001, "too_large"),
    ],
    ids=["nothing", "gif", "small", "narrow", "large"],
)
def test_bad_files_are_refused(story: Story, editor: User, content: bytes, code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        illustrations.illustration_upload(story=story, content=content, editor=editor)
    assert refused.value.code == code
    assert not Illustration.objects.exists()


def test_a_truncated_picture_is_refused() -> None:
    with pytest.raises(PermanentError, match="no picture"):
        picture_read(photo()[:-500])


def test_a_sources_picture_brings_its_credit(story: Story, editor: User, workspace: Workspace) -> None:
    member = StoryPostFactory.create(story=story)
    member.post.channel, member.post.url = "Канал А", "https://t.me/kanal_a/7"
    member.post.save()
    stored = MediaFile(workspace=workspace, sha256="a" * 64, mime="image/jpeg")
    stored.file.save("a.jpg", ContentFile(photo()))
    media = PostMedia.objects.create(post=member.post, key="1", state="stored", stored=stored)
    made = illustrations.illustration_from_source(story=story, media=media, editor=editor)
    assert (made.kind, made.credit) == ("source", "Канал А, https://t.me/kanal_a/7")
    stored.file.storage.delete(stored.file.name)
    with pytest.raises(TransitionError, match="not fetched yet"):
        illustrations.illustration_from_source(story=story, media=media, editor=editor)
    elsewhere = StoryFactory.create(workspace=workspace)
    with pytest.raises(TransitionError, match="another story"):
        illustrations.illustration_from_source(story=elsewhere, media=media, editor=editor)


def test_the_chosen_one_is_seen_however_many_there_are(client: Client, story: Story, editor: User) -> None:
    first = illustrations.illustration_upload(story=story, content=photo(), editor=editor)
    illustrations.illustration_choose(illustration=first, editor=editor)
    for number in range(25):
        Illustration.objects.create(
            story=story, kind="cover", file="x.png", mime="image/png", width=9, height=9, content_hash=str(number)
        )
    client.force_login(editor)
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    assert 'class="pic-chosen"' in page


def test_what_was_removed_is_not_changed(story: Story, editor: User) -> None:
    gone = illustrations.illustration_upload(story=story, content=photo(), editor=editor)
    illustrations.illustration_remove(illustration=Illustration.objects.get(), editor=editor)
    with pytest.raises(TransitionError, match="not there"):
        illustrations.illustration_crop(illustration=gone, ratio="1:1", editor=editor)


def test_one_is_chosen_at_a_time(story: Story, editor: User) -> None:
    asked(story, editor, count=2)
    illustrations_draw()
    first, second = Illustration.objects.order_by("pk")
    for one in (first, second):
        illustrations.illustration_choose(illustration=one, editor=editor)
    assert list(Illustration.objects.filter(is_chosen=True)) == [second]
    with pytest.raises(TransitionError, match="is chosen"):
        illustrations.illustration_remove(illustration=second, editor=editor)
    illustrations.illustration_remove(illustration=first, editor=editor)
    assert Illustration.objects.get() == second
    assert not first.file.storage.exists(first.file.name)


@pytest.mark.parametrize(
    ("ratio", "x", "y", "crop"),
    [
        ("16:9", 0.5, 0.5, [0.0, 0.125, 1.0, 0.75]),
        ("16:9", 0.5, 0.0, [0.0, 0.0, 1.0, 0.75]),
        ("1:1", 1.0, 0.5, [0.25, 0.0, 0.75, 1.0]),
        ("", 0.5, 0.5, []),
        ("2:1", 0.5, 0.5, []),
    ],
)
def test_a_cut_keeps_the_point(ratio: str, x: float, y: float, crop: list[float]) -> None:
    assert crop_of(width=800, height=600, ratio=ratio, x=x, y=y) == crop
    shown = cut(photo(), crop)
    assert (shown.width, shown.height) == {"16:9": (800, 450), "1:1": (600, 600)}.get(ratio, (800, 600))


def test_the_screen_does_it_all(client: Client, story: Story, editor: User) -> None:
    client.force_login(editor)
    page = reverse("desk:story", args=[story.pk])
    assert "No picture yet" in client.get(page).content.decode()
    client.post(
        reverse("desk:picture_upload", args=[story.pk]), {"file": SimpleUploadedFile("a.jpg", photo(), "image/jpeg")}
    )
    one = Illustration.objects.get()
    address = reverse("desk:picture_change", args=[story.pk, one.pk])
    client.post(address, {"do": "crop", "ratio": "16:9", "x": "0.5", "y": "nonsense"})
    client.post(address, {"do": "describe", "title": "T", "alt": "A bridge", "credit": "Anna", "tags": "a, b"})
    client.post(address, {"do": "choose"})
    one.refresh_from_db()
    assert (one.crop, one.alt, one.tags, one.is_chosen) == ([0.0, 0.125, 1.0, 0.75], "A bridge", ["a", "b"], True)
    shown = client.get(reverse("desk:picture_file", args=[story.pk, one.pk]))
    assert Image.open(io.BytesIO(shown.content)).size == (800, 450)
    assert shown["Cache-Control"] == "private, max-age=3600"
    assert 'alt="A bridge"' in client.get(page).content.decode()
    client.post(reverse("desk:pictures_draw", args=[story.pk]), {"way": "cover", "prompt": "Мост", "count": "1"})
    making = Illustrating.objects.get()
    client.post(reverse("desk:pictures_cancel", args=[story.pk]), {"making": making.pk})
    making.refresh_from_db()
    assert making.state == "dead"
    assert client.post(address, {"do": "anything"}).status_code == 404


def test_others_see_and_touch_nothing(client: Client, story: Story, editor: User, workspace: Workspace) -> None:
    one = illustrations.illustration_upload(story=story, content=photo(), editor=editor)
    viewer = MembershipFactory.create(workspace=workspace, role="viewer").user
    stranger = MembershipFactory.create(workspace=WorkspaceFactory.create(), role="owner").user
    file, change = (reverse(f"desk:{name}", args=[story.pk, one.pk]) for name in ("picture_file", "picture_change"))
    for user, seen, touched in ((viewer, 200, 403), (stranger, 404, 404)):
        client.force_login(user)
        answer = client.get(file)
        assert answer.status_code == seen
        answer.close()
        assert client.post(change, {"do": "choose"}).status_code == touched
    other = StoryFactory.create(workspace=workspace)
    client.force_login(editor)
    assert client.get(reverse("desk:picture_file", args=[other.pk, one.pk])).status_code == 404
