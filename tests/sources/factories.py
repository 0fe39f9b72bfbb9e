"""Rows for the tests of sources."""

from __future__ import annotations

from datetime import UTC, datetime

import factory

from apps.accounts.models import Membership, User, Workspace
from apps.sources.models import (
    Family,
    FilterRule,
    FilterSet,
    Kinship,
    MediaFile,
    Poll,
    Post,
    Signature,
    Source,
    Subscription,
    Topic,
    Voice,
)


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Редакция {n}")
    slug = factory.Sequence(lambda n: f"redaction-{n}")


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    is_staff = True


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    workspace = factory.SubFactory(WorkspaceFactory)
    role = Membership.Role.EDITOR


class FeedFactory(factory.django.DjangoModelFactory[Source]):
    class Meta:
        model = Source

    workspace = factory.SubFactory(WorkspaceFactory)
    kind = Source.Kind.FEED
    name = factory.Sequence(lambda n: f"Лента {n}")
    url = factory.Sequence(lambda n: f"https://feed{n}.example/rss.xml")


class ExportFactory(FeedFactory):
    kind = Source.Kind.EXPORT
    name = factory.Sequence(lambda n: f"Выгрузка {n}")
    url = ""


class PollFactory(factory.django.DjangoModelFactory[Poll]):
    class Meta:
        model = Poll

    source = factory.SubFactory(FeedFactory)
    workspace = factory.SelfAttribute("source.workspace")


class PostFactory(factory.django.DjangoModelFactory[Post]):
    class Meta:
        model = Post

    source = factory.SubFactory(FeedFactory)
    workspace = factory.SelfAttribute("source.workspace")
    external_id = factory.Sequence(lambda n: f"guid-{n}")
    text = factory.Sequence(lambda n: f"Мост через Студёнку открыли в {n}-й раз.")
    language = "ru"
    published_at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    content_hash = factory.Sequence(lambda n: f"{n:032x}")


class MediaFileFactory(factory.django.DjangoModelFactory[MediaFile]):
    class Meta:
        model = MediaFile

    workspace = factory.SubFactory(WorkspaceFactory)
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    mime = "image/png"
    size = 1


class FilterSetFactory(factory.django.DjangoModelFactory[FilterSet]):
    class Meta:
        model = FilterSet

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Набор {n}")


class FilterRuleFactory(factory.django.DjangoModelFactory[FilterRule]):
    """A rule that drops posts with the word; of `source`, of `filter_set`, or of the whole `workspace`."""

    class Meta:
        model = FilterRule

    workspace = factory.LazyAttribute(lambda rule: (rule.source or rule.filter_set or FilterSetFactory()).workspace)
    source = None
    filter_set = None
    kind = FilterRule.Kind.WORDS
    effect = FilterRule.Effect.DROP
    value = "реклама"


class SubscriptionFactory(factory.django.DjangoModelFactory[Subscription]):
    class Meta:
        model = Subscription

    source = factory.SubFactory(FeedFactory)
    hub = "https://hub.example/"
    topic = factory.SelfAttribute("source.url")
    key = factory.Sequence(lambda n: f"key-{n}-{'x' * 30}")
    secret = "invented secret"
    state = Subscription.State.LIVE


class VoiceFactory(factory.django.DjangoModelFactory[Voice]):
    class Meta:
        model = Voice

    source = factory.SubFactory(FeedFactory)
    channel = factory.Sequence(lambda n: f"Голос {n}")


class SignatureFactory(factory.django.DjangoModelFactory[Signature]):
    """A line learnt of a voice of `workspace`."""

    class Meta:
        model = Signature

    class Params:
        workspace = factory.SubFactory(WorkspaceFactory)

    voice = factory.SubFactory(VoiceFactory, source__workspace=factory.SelfAttribute("...workspace"))
    key = factory.Sequence(lambda n: n)
    line = factory.Sequence(lambda n: f"Подписаться на канал {n}")


class FamilyFactory(factory.django.DjangoModelFactory[Family]):
    class Meta:
        model = Family

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Издатель {n}")


class KinshipFactory(factory.django.DjangoModelFactory[Kinship]):
    """A suggestion about two voices of `workspace`."""

    class Meta:
        model = Kinship

    workspace = factory.SubFactory(WorkspaceFactory)
    first = factory.SubFactory(VoiceFactory, source__workspace=factory.SelfAttribute("...workspace"))
    second = factory.SubFactory(VoiceFactory, source__workspace=factory.SelfAttribute("...workspace"))
    common, first_posts, second_posts, first_ahead, lag_s, share = 83, 120, 140, 40, 240, 0.69


class TopicFactory(factory.django.DjangoModelFactory[Topic]):
    """A topic as it is stored; past posts are not read for it."""

    class Meta:
        model = Topic

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Тема {n}")
    words = "мост"
