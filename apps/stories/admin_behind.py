"""Work of stories that nobody looks at while it goes well."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_work import WorkRowAdmin
from apps.stories.models import Illustrating, PageFetch, QualityCheck, Ranking, Recount
from apps.stories.services import work


@admin.register(Recount)
class RecountAdmin(WorkRowAdmin[Recount]):
    """Stories whose sources are counted anew because a family changed."""

    about = ("workspace",)
    list_select_related = ("workspace",)
    empty_text = _(
        "When channels become sisters or strangers, their stories are counted anew; each time leaves a line."
    )


@admin.register(Ranking)
class RankingAdmin(WorkRowAdmin[Ranking]):
    """Stories that are ranked anew."""

    about = ("workspace",)
    list_select_related = ("workspace",)
    empty_text = _("When what stories are ranked by changes, they are ranked anew; each time leaves a line.")


@admin.register(QualityCheck)
class QualityCheckAdmin(WorkRowAdmin[QualityCheck]):
    """Daily tests of grouping against the editors' corrections; each makes the next."""

    work_retry_service = None
    about = ("workspace",)
    list_select_related = ("workspace",)
    empty_text = _("Once a day grouping is tested against what editors corrected.")


@admin.register(PageFetch)
class PageFetchAdmin(WorkRowAdmin[PageFetch]):
    """Pages that are fetched for stories made from a link."""

    about = ("story", "url")
    list_select_related = ("story",)
    empty_text = _("Pages that are fetched for a new story leave a line here.")


@admin.register(Illustrating)
class IllustratingAdmin(WorkRowAdmin[Illustrating]):
    """Pictures that are drawn for stories; what nobody knows of is asked for again by a person only."""

    work_retry_service = staticmethod(work.illustrating_revive)
    work_give_up_service = staticmethod(work.illustrating_give_up)
    about = ("story", "way")
    list_select_related = ("story",)
    empty_text = _("Pictures that are drawn for stories leave a line here.")
