"""Choosing a workspace's illustrator, and keeping what pictures cost within its day."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.ai.endpoints import endpoint_of
from apps.ai.models import Spend
from apps.ai.picture_ports import Illustrator
from apps.ai.services import RESERVED_FOR, budget_of, budget_spent, day_of, spend_release, spent_today, target_label
from apps.core.clock import now
from apps.core.errors import PermanentError

PURPOSE = "illustration"


def cover_illustrator() -> Illustrator:
    """Who draws covers: always there, and free."""
    illustrator: Illustrator = import_string("apps.ai.adapters.covers.CoverIllustrator")()
    return illustrator


def illustrator_for(workspace: Workspace) -> Illustrator | None:
    """Who makes pictures from words for a workspace; None where nobody is set up."""
    price = Decimal(str(settings.AI_IMAGE_PRICE_USD))
    if settings.AI_ILLUSTRATOR == "openai":
        by_model = import_string("apps.ai.adapters.openai_images.OpenAIIllustrator")
        made: Illustrator = by_model(
            endpoint_of(workspace), model=settings.AI_IMAGE_MODEL, size=settings.AI_IMAGE_SIZE, price_usd=price
        )
        return made
    if settings.AI_ILLUSTRATOR == "http" and settings.AI_IMAGE_URL:
        by_address = import_string("apps.ai.adapters.http_images.HttpIllustrator")
        found: Illustrator = by_address(settings.AI_IMAGE_URL, price_usd=price)
        return found
    return None


@transaction.atomic
def picture_budget_check(*, workspace: Workspace, target: models.Model, cost: Decimal) -> None:
    """Let pictures be asked for only while the workspace's day has money for them; the cost is reserved.

    Raises:
        PermanentError: the budget of the day is spent, code budget_spent.
    """
    if cost <= 0:
        return
    moment, label = now(), target_label(target)
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
    spent, budget = spent_today(workspace, at=moment, except_target=label), budget_of(workspace)
    if budget <= 0 or spent + cost > budget:
        raise budget_spent(workspace, spent=spent, budget=budget, at=moment)
    reserved = {"at": moment, "cost_usd": cost, "reserved_until": moment + RESERVED_FOR}
    if not Spend.objects.filter(workspace=workspace, target=label, reserved_until__isnull=False).update(**reserved):
        Spend.objects.create(workspace=workspace, target=label, purpose=PURPOSE, **reserved)


@transaction.atomic
def picture_spend_record(
    *, workspace: Workspace, target: models.Model, cost: Decimal, provider: str, model: str
) -> None:
    """Write into the ledger what pictures took, in place of what was reserved for them."""
    spend_release(workspace=workspace, target=target)
    if cost > 0:
        Spend.objects.create(
            workspace=workspace,
            purpose=PURPOSE,
            writer=provider[:100],
            model=model[:100],
            cost_usd=cost,
            target=target_label(target),
        )


def picture_spend_hold(*, workspace: Workspace, target: models.Model) -> None:
    """Hold what was reserved against the budget to the day's end: nobody knows whether it was spent."""
    _begins, ends = day_of(workspace, now())
    Spend.objects.filter(workspace=workspace, target=target_label(target), reserved_until__isnull=False).update(
        reserved_until=ends
    )


def picture_spend_reckon(*, workspace: Workspace, target: models.Model) -> None:
    """Count what was reserved as spent, since it may have been."""
    Spend.objects.filter(workspace=workspace, target=target_label(target), reserved_until__isnull=False).update(
        reserved_until=None
    )


def nobody_draws() -> PermanentError:
    """The failure where pictures are asked for and nobody is set up to make them."""
    words = _("Nobody is set up to make pictures. Draw a cover, upload a picture, or set AI_ILLUSTRATOR.")
    return PermanentError(words, code="no_illustrator")
