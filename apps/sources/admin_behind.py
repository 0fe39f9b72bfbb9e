"""Work of collection that nobody looks at while it goes well: fetches, questions, checks and rounds."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_work import WorkRowAdmin
from apps.sources.admin_display import number
from apps.sources.models import (
    AccountAsk,
    ChannelFetch,
    CopyCheck,
    HealthCheck,
    HubAsk,
    HubPush,
    KinshipReview,
    MediaFetch,
    Retention,
    TopicRead,
    TopicRemoval,
)
from apps.sources.services import work


@admin.register(MediaFetch)
class MediaFetchAdmin(WorkRowAdmin[MediaFetch]):
    """Pictures and files of the web on their way here."""

    about = ("media", "post", "size")
    list_select_related = ("media__post",)
    empty_text = _("Pictures and files that are fetched from the web leave a line here.")

    @admin.display(description=_("post"))
    def post(self, row: MediaFetch) -> str:
        """The post that shows it."""
        return str(row.media.post)

    @admin.display(description=_("received"))
    def size(self, row: MediaFetch) -> str:
        """How much has come."""
        return filesizeformat(row.received)


@admin.register(ChannelFetch)
class ChannelFetchAdmin(WorkRowAdmin[ChannelFetch]):
    """Files of Telegram's messages on their way here."""

    about = ("media", "source", "size")
    list_select_related = ("media", "source")
    list_filter = ("state", "source")
    empty_text = _("Pictures and files that are fetched from Telegram leave a line here.")

    @admin.display(description=_("received"))
    def size(self, row: ChannelFetch) -> str:
        """How much has come."""
        return filesizeformat(row.received)


@admin.register(AccountAsk)
class AccountAskAdmin(WorkRowAdmin[AccountAsk]):
    """What was asked of Telegram through an account because a person pressed, or a channel was closed."""

    work_retry_service = staticmethod(work.ask_retry)
    about = ("what", "session", "invitation", "source")
    list_select_related = ("session", "invitation", "source")
    list_filter = ("state", "what")
    empty_text = _("Questions about invitations, own channels and closed channels leave a line here.")


@admin.register(HubAsk)
class HubAskAdmin(WorkRowAdmin[HubAsk]):
    """What hubs are asked."""

    about = ("feed", "hub")
    list_select_related = ("subscription__source",)
    empty_text = _("Feeds that have a hub leave a line here each time it is asked to tell of new posts.")

    @admin.display(description=_("source"))
    def feed(self, row: HubAsk) -> str:
        """The feed that it is about."""
        return str(row.subscription.source)

    @admin.display(description=_("hub"))
    def hub(self, row: HubAsk) -> str:
        """Who is asked."""
        return row.subscription.hub


@admin.register(HubPush)
class HubPushAdmin(WorkRowAdmin[HubPush]):
    """What hubs told; the bytes themselves are not shown."""

    work_retry_service = staticmethod(work.push_retry)
    about = ("source", "new")
    list_select_related = ("source",)
    list_filter = ("state", "source")
    empty_text = _("What a hub tells of a feed leaves a line here for two days.")

    @admin.display(description=_("new posts"))
    def new(self, row: HubPush) -> SafeString:
        """How many posts it brought."""
        return number(row.added)


@admin.register(CopyCheck)
class CopyCheckAdmin(WorkRowAdmin[CopyCheck]):
    """Copies that look for another original."""

    about = ("post",)
    list_select_related = ("post",)
    empty_text = _("When an original changes or goes, each of its copies leaves a line here.")


@admin.register(KinshipReview)
class KinshipReviewAdmin(WorkRowAdmin[KinshipReview]):
    """Searches for sister channels."""

    about = ("workspace",)
    list_select_related = ("workspace",)
    empty_text = _("Pult looks for sister channels when copies were found; each search leaves a line here.")


@admin.register(TopicRead)
class TopicReadAdmin(WorkRowAdmin[TopicRead]):
    """Past posts that are read for topics that are new or changed."""

    about = ("topic", "looked", "found")
    list_select_related = ("topic",)
    empty_text = _("When a topic is made or changed, past posts are read for it; each time leaves a line.")


@admin.register(TopicRemoval)
class TopicRemovalAdmin(WorkRowAdmin[TopicRemoval]):
    """Marks of removed topics on their way out."""

    work_give_up_service = None
    about = ("name", "removed", "total")
    empty_text = _("When a topic is removed, its marks of posts and stories go in the background; each leaves a line.")


@admin.register(HealthCheck)
class HealthCheckAdmin(WorkRowAdmin[HealthCheck]):
    """Looks at how sources fare; each makes the next."""

    work_retry_service = None
    about = ("workspace",)
    list_select_related = ("workspace",)
    empty_text = _("Once a minute all sources of a workspace are looked at.")


@admin.register(Retention)
class RetentionAdmin(WorkRowAdmin[Retention]):
    """Rounds that remove what is kept no longer; each makes the next."""

    work_retry_service = None
    about = ("workspace", "posts", "media", "payloads")
    list_select_related = ("workspace",)
    empty_text = _("Every few hours Pult removes what a workspace keeps no longer.")
