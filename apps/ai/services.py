"""Choosing a workspace's writer, and keeping its spending within its day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.ai.endpoints import cost_of, endpoint_of
from apps.ai.models import Spend
from apps.ai.ports import Usage, Writer
from apps.core.clock import now
from apps.core.errors import PermanentError

# A request that never came back stops counting after this; longer than any time-out of a writer.
RESERVED_FOR = timedelta(minutes=15)
# What a request is reckoned to take before it is sent: a story's posts in, a note out.
ESTIMATE = Usage(input_tokens=8_000, output_tokens=2_000)
WRITERS = {"offline": "apps.ai.adapters.offline.OfflineWriter", "openai": "apps.ai.adapters.openai.OpenAIWriter"}


def writer_name(workspace: Workspace) -> str:
    """Which writer works for a workspace: a key or an address of its own turns to it, else the installation decides."""
    if workspace.ai_api_url or workspace.ai_api_key:
        return "openai"
    return str(settings.AI_WRITER)


def writer_for(workspace: Workspace) -> Writer:
    """The writer of a workspace as its fields and the settings say; it holds all that it needs, so no ORM later."""
    name = writer_name(workspace)
    adapter = import_string(WRITERS[name])
    writer: Writer = adapter(endpoint_of(workspace)) if name == "openai" else adapter()
    return writer


def budget_of(workspace: Workspace) -> Decimal:
    """What a workspace may spend in one of its days."""
    own = workspace.ai_daily_budget_usd
    return Decimal(str(settings.AI_DAILY_BUDGET_USD)) if own is None else own


def day_of(workspace: Workspace, moment: datetime) -> tuple[datetime, datetime]:
    """The start and the end of a workspace's own day, in UTC; 23 or 25 hours when its clocks change."""
    date = moment.astimezone(workspace.zone).date()
    begins = datetime.combine(date, time.min, tzinfo=workspace.zone)
    ends = datetime.combine(date + timedelta(days=1), time.min, tzinfo=workspace.zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def spent_today(workspace: Workspace, *, at: datetime | None = None, except_target: str = "") -> Decimal:
    """What a workspace has spent in its present day, with what requests on their way are reckoned to take."""
    moment = at or now()
    begins, ends = day_of(workspace, moment)
    rows = Spend.objects.filter(workspace=workspace, at__gte=begins, at__lt=ends).filter(
        Q(reserved_until__isnull=True) | Q(reserved_until__gt=moment)
    )
    if except_target:
        rows = rows.exclude(reserved_until__isnull=False, target=except_target)
    total: Decimal | None = rows.aggregate(total=Sum("cost_usd"))["total"]
    return total or Decimal(0)


@transaction.atomic
def budget_check(
    *,
    workspace: Workspace,
    target: models.Model | str = "",
    purpose: str = "rewrite",
    estimate: Usage = ESTIMATE,
    at: datetime | None = None,
) -> None:
    """Let a request be sent only while the workspace's day has money for it.

    With a `target`, what it is reckoned to take is reserved until `spend_record` is called for the same target, so that
    workers side by side see one another; asking again for one target reserves once. The offline writer costs nothing.

    Raises:
        PermanentError: the budget of the day is spent, code budget_spent.
    """
    if writer_name(workspace) == "offline":
        return
    endpoint = endpoint_of(workspace)
    reckoned = cost_of(endpoint, input_tokens=estimate.input_tokens, output_tokens=estimate.output_tokens)
    budget_reserve(
        workspace=workspace, target=target, cost=reckoned, purpose=purpose, model=endpoint.model, at=at or now()
    )


@transaction.atomic
def budget_reserve(
    *,
    workspace: Workspace,
    target: models.Model | str,
    cost: Decimal,
    purpose: str,
    model: str,
    at: datetime | None = None,
) -> None:
    """Reserve what a request may cost for its target, where the workspace's day has money for it.

    Raises:
        PermanentError: the budget of the day is spent, code budget_spent.
    """
    moment, label = at or now(), target_label(target)
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
    spent, budget = spent_today(workspace, at=moment, except_target=label), budget_of(workspace)
    if budget <= 0 or spent + cost > budget:
        raise budget_spent(workspace, spent=spent, budget=budget, at=moment)
    if label:
        reserved = {"at": moment, "cost_usd": cost, "reserved_until": moment + RESERVED_FOR}
        # The workspace is locked, so nobody reserves between these two.
        if not Spend.objects.filter(workspace=workspace, target=label, reserved_until__isnull=False).update(**reserved):
            Spend.objects.create(workspace=workspace, target=label, purpose=purpose, model=model[:100], **reserved)


def budget_spent(workspace: Workspace, *, spent: Decimal, budget: Decimal, at: datetime) -> PermanentError:
    """The failure of a request over the budget; says how much, and when the next day begins."""
    begins_again = day_of(workspace, at)[1].astimezone(workspace.zone)
    return PermanentError(
        _(
            "The AI budget of %(workspace)s for today is used up: $%(spent).2f of $%(budget).2f. "
            "It begins anew at %(when)s (%(zone)s); the limit is in the workspace's settings."
        )
        % {
            "workspace": workspace.name,
            "spent": spent,
            "budget": budget,
            "when": begins_again.strftime("%d.%m %H:%M"),
            "zone": workspace.time_zone,
        },
        code="budget_spent",
    )


@transaction.atomic
def spend_record(
    *,
    workspace: Workspace,
    usage: Usage,
    purpose: str,
    model: str,
    target: models.Model | str = "",
    writer: str = "",
    seconds: float | None = None,
    at: datetime | None = None,
) -> Spend | None:
    """Write into the ledger what an answer took, in place of what was reserved for it; None where it took nothing.

    Call it once for every answer, as soon as it has come, whatever becomes of it.
    """
    label = target_label(target)
    spend_release(workspace=workspace, target=target)
    if usage == Usage():
        return None
    return Spend.objects.create(
        workspace=workspace,
        at=at or now(),
        purpose=purpose,
        writer=writer[:100],
        model=model[:100],
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=usage.cost_usd,
        seconds=seconds,
        target=label,
    )


def spend_release(*, workspace: Workspace, target: models.Model | str) -> None:
    """Free what was reserved for a request that is not on its way any more."""
    label = target_label(target)
    if label:
        Spend.objects.filter(workspace=workspace, target=label, reserved_until__isnull=False).delete()


def target_label(target: models.Model | str) -> str:
    """How the ledger names what was paid for."""
    if isinstance(target, str):
        return target[:200]
    return f"{target._meta.label_lower}:{target.pk}"
