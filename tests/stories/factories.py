"""Rows for the tests of stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import factory

from apps.accounts.models import Membership, User, Workspace
from apps.sources.models import Post, Source
from apps.stories.models import (
    CloseCall,
    EditLock,
    HouseStyle,
    HouseWord,
    Judgement,
    LegalEntry,
    LegalList,
    Preset,
    Story,
    StoryPost,
    StoryVersion,
)

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Редакция {n}")
    slug = factory.Sequence(lambda n: f"desk-{n}")


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"editor{n}@example.org")
    is_staff = True


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    workspace = factory.SubFactory(WorkspaceFactory)
    user = factory.SubFactory(UserFactory)
    role = Membership.Role.EDITOR


class SourceFactory(factory.django.DjangoModelFactory[Source]):
    class Meta:
        model = Source

    workspace = factory.SubFactory(WorkspaceFactory)
    kind = Source.Kind.EXPORT
    name = factory.Sequence(lambda n: f"Канал {n}")


class PostFactory(factory.django.DjangoModelFactory[Post]):
    class Meta:
        model = Post

    source = factory.SubFactory(SourceFactory)
    workspace = factory.SelfAttribute("source.workspace")
    external_id = factory.Sequence(lambda n: f"m{n}")
    title = ""
    text = "В порту Тихой Гавани загорелся склад с канатами."
    language = "ru"
    published_at = factory.Sequence(lambda n: BEGAN + timedelta(seconds=n))
    content_hash = factory.Sequence(lambda n: f"{n:032x}")


class StoryFactory(factory.django.DjangoModelFactory[Story]):
    class Meta:
        model = Story

    workspace = factory.SubFactory(WorkspaceFactory)
    title = factory.Sequence(lambda n: f"Сюжет {n}")
    first_at = BEGAN
    last_at = BEGAN


class StoryPostFactory(factory.django.DjangoModelFactory[StoryPost]):
    class Meta:
        model = StoryPost

    story = factory.SubFactory(StoryFactory)
    post = factory.SubFactory(
        PostFactory,
        source__workspace=factory.SelfAttribute("...story.workspace"),
    )


class VersionFactory(factory.django.DjangoModelFactory[StoryVersion]):
    class Meta:
        model = StoryVersion

    story = factory.SubFactory(StoryFactory)
    number = 1
    title = "Склад в порту потушен"
    body = "Пожар потушили к утру."
    writer = "offline draft"


class PresetFactory(factory.django.DjangoModelFactory[Preset]):
    class Meta:
        model = Preset

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Коротко {n}")


class HouseWordFactory(factory.django.DjangoModelFactory[HouseWord]):
    class Meta:
        model = HouseWord

    workspace = factory.SubFactory(WorkspaceFactory)
    written = factory.Sequence(lambda n: f"слово{n}")
    wanted = factory.SelfAttribute("written")


class HouseStyleFactory(factory.django.DjangoModelFactory[HouseStyle]):
    class Meta:
        model = HouseStyle

    workspace = factory.SubFactory(WorkspaceFactory)


class LegalListFactory(factory.django.DjangoModelFactory[LegalList]):
    class Meta:
        model = LegalList

    workspace = factory.SubFactory(WorkspaceFactory)
    kind = LegalList.Kind.AGENTS
    name = factory.Sequence(lambda n: f"Перечень {n}")
    footnote = "{name} — внесён в перечень выдуманных лиц."


class LegalEntryFactory(factory.django.DjangoModelFactory[LegalEntry]):
    class Meta:
        model = LegalEntry

    list = factory.SubFactory(LegalListFactory)
    name = factory.Sequence(lambda n: f"Тестов Иван {n}")


class JudgementFactory(factory.django.DjangoModelFactory[Judgement]):
    class Meta:
        model = Judgement

    workspace = factory.SubFactory(WorkspaceFactory)
    first = factory.SubFactory(PostFactory, source__workspace=factory.SelfAttribute("...workspace"))
    second = factory.SubFactory(PostFactory, source__workspace=factory.SelfAttribute("...workspace"))
    is_same = False
    cause = Judgement.Cause.NEVER


class EditLockFactory(factory.django.DjangoModelFactory[EditLock]):
    class Meta:
        model = EditLock

    story = factory.SubFactory(StoryFactory)
    editor = factory.SubFactory(UserFactory)


class CloseCallFactory(factory.django.DjangoModelFactory[CloseCall]):
    class Meta:
        model = CloseCall

    workspace = factory.SubFactory(WorkspaceFactory)
    post = factory.SubFactory(PostFactory, source__workspace=factory.SelfAttribute("...workspace"))
    other = factory.SubFactory(PostFactory, source__workspace=factory.SelfAttribute("...workspace"))
    is_together = False
    score = 0.35
    needed = 0.38


def story_with_text(**fields: object) -> Story:
    """A story with one post and one version that is current."""
    story = StoryFactory.create(**fields)
    StoryPostFactory.create(story=story)
    story.current_version = VersionFactory.create(story=story)
    story.save()
    return story
