"""Sister channels: suggested by what they publish together, confirmed or refused by an editor.

A text counts for two voices where one of them had it first and the other within minutes; what both took from a third,
an agency, says nothing of the two. Sisters take from each other, both ways; a voice that only takes is suggested where
nearly all of it is the other's within a minute or two, as a mirror's is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Family, Kinship, KinshipReview, Post, Source, Voice
from apps.sources.services.families import family_named, members_set
from apps.sources.services.signatures import voices_of

REVIEW_AFTER = timedelta(hours=1)  # copies come all the time; they are looked through together
COPIES_READ = 5000
SOON = timedelta(minutes=30)
COMMON_LEAST = 20
SHARE_LEAST = 0.4
LAG_MOST_S = 600
BOTH_WAYS_LEAST = 0.1
MIRROR_SHARE, MIRROR_LAG_S = 0.8, 120
AGAIN_SHARE = 0.2  # so much more than at the refusal, and it is suggested again
EXAMPLES = 5
VOICES_OF_TEXT = 12

Speaker = tuple[int, str]  # source and channel


@dataclass(slots=True)
class Common:
    """What two voices published both."""

    lags_s: list[float] = field(default_factory=list)
    first_ahead: int = 0
    examples: list[tuple[datetime, int, int]] = field(default_factory=list)


def kinship_review_later(workspace_id: int) -> None:
    """Have the workspace's near-copies looked through for sister channels within the hour; asked twice, once."""
    if not KinshipReview.objects.live().filter(workspace=workspace_id).exists():
        KinshipReview.objects.bulk_create(
            [KinshipReview(workspace_id=workspace_id, not_before=now() + REVIEW_AFTER)], ignore_conflicts=True
        )


def kinships_review(rows: Sequence[KinshipReview]) -> None:
    """Suggest sister channels in the workspaces of these rows; runs in the transaction that finishes the rows."""
    for workspace_id in sorted({row.workspace_id for row in rows}):
        _review(workspace_id)


def _review(workspace_id: int) -> None:
    copies = list(
        Post.objects.filter(workspace=workspace_id, copy_of__isnull=False, dropped_by="")
        .order_by("-published_at", "-id")
        .values_list("copy_of_id", "pk", "source_id", "channel", "published_at")[:COPIES_READ]
    )
    if not copies:
        return
    texts: dict[int, list[tuple[datetime, int, Speaker]]] = {}
    for original, pk, source, channel, at in copies:
        texts.setdefault(original, []).append((at, pk, (source, channel)))
    originals = Post.objects.filter(pk__in=texts).values_list("pk", "source_id", "channel", "published_at")
    for pk, source, channel, at in originals:
        texts[pk].append((at, pk, (source, channel)))
    found = common_of(texts.values())
    began, ended = copies[-1][-1] - SOON, copies[0][-1] + SOON
    posts = _posts_of({speaker for pair in found for speaker in pair}, workspace_id, began, ended)
    _suggest(workspace_id, found, posts)


def common_of(texts: Iterable[list[tuple[datetime, int, Speaker]]]) -> dict[tuple[Speaker, Speaker], Common]:
    """By pair of voices, in order: the texts that one of them had first and the other soon after."""
    found: dict[tuple[Speaker, Speaker], Common] = {}
    for told in texts:
        earliest: dict[Speaker, tuple[datetime, int]] = {}
        for at, pk, speaker in sorted(told):
            earliest.setdefault(speaker, (at, pk))
        author, *others = list(earliest)[:VOICES_OF_TEXT]
        began, original = earliest[author]
        for other in others:
            at, pk = earliest[other]
            if at - began > SOON:
                continue
            first, second = sorted((author, other))
            common = found.setdefault((first, second), Common())
            common.lags_s.append((at - began).total_seconds())
            common.first_ahead += first == author
            common.examples.append((at, original, pk) if first == author else (at, pk, original))
    return found


def _posts_of(speakers: set[Speaker], workspace_id: int, began: datetime, ended: datetime) -> dict[Speaker, int]:
    counted = Post.objects.filter(
        workspace=workspace_id,
        source__in={source for source, _channel in speakers},
        dropped_by="",
        published_at__gte=began,
        published_at__lte=ended,
    )
    rows = counted.order_by().values_list("source", "channel").annotate(posts=Count("pk"))
    return {(source, channel): posts for source, channel, posts in rows}


def is_kin(*, common: int, first_ahead: int, lag_s: float, share: float) -> bool:
    """Whether so much in common speaks for one publisher; `share` is of the one that published less."""
    if common < COMMON_LEAST or share < SHARE_LEAST or lag_s > LAG_MOST_S:
        return False
    both_ways = min(first_ahead, common - first_ahead) >= BOTH_WAYS_LEAST * common
    return both_ways or (share >= MIRROR_SHARE and lag_s <= MIRROR_LAG_S)


def _suggest(workspace_id: int, found: dict[tuple[Speaker, Speaker], Common], posts: dict[Speaker, int]) -> None:
    moment = now()
    likely: list[tuple[Speaker, Speaker, Common, float]] = []
    for (first, second), common in found.items():
        share = len(common.lags_s) / max(1, min(posts.get(first, 0), posts.get(second, 0)))
        share = min(share, 1.0)
        if is_kin(common=len(common.lags_s), first_ahead=common.first_ahead, lag_s=median(common.lags_s), share=share):
            likely.append((first, second, common, share))
    voices = _voices({speaker for first, second, *_rest in likely for speaker in (first, second)})
    for first, second, common, share in likely:
        evidence = {
            "common": len(common.lags_s),
            "first_posts": posts[first],
            "second_posts": posts[second],
            "first_ahead": common.first_ahead,
            "lag_s": int(median(common.lags_s)),
            "share": round(share, 3),
            "examples": [[one, other] for _at, one, other in sorted(common.examples, reverse=True)[:EXAMPLES]],
            "found_at": moment,
        }
        _remember(workspace_id, voices[first], voices[second], evidence)


def _voices(speakers: set[Speaker]) -> dict[Speaker, Voice]:
    sources = Source.objects.in_bulk({source for source, _channel in speakers})
    found: dict[Speaker, Voice] = {}
    for source in sorted(sources.values(), key=lambda source: source.pk):
        channels = {channel for owner, channel in speakers if owner == source.pk}
        found |= {(source.pk, channel): voice for channel, voice in voices_of(source, channels).items()}
    return found


def _remember(workspace_id: int, one: Voice, other: Voice, evidence: dict[str, object]) -> None:
    """Note what speaks for a pair; what an editor refused comes back only when much more does."""
    if one.pk > other.pk:
        one, other = other, one
        evidence["first_posts"], evidence["second_posts"] = evidence["second_posts"], evidence["first_posts"]
        evidence["first_ahead"] = int(str(evidence["common"])) - int(str(evidence["first_ahead"]))
        evidence["examples"] = [[b, a] for a, b in evidence["examples"]]  # type: ignore[attr-defined]
    pair = Kinship.objects.filter(first=one, second=other)
    share = float(str(evidence["share"]))
    again = Q(state=Kinship.State.REFUSED) & Q(refused_share__lte=share - AGAIN_SHARE)
    if pair.filter(again).update(state=Kinship.State.SUGGESTED, decided_at=None, decided_by=None, **evidence):
        return
    known = pair.exclude(state=Kinship.State.REFUSED).update(**evidence)
    related = one.family_id is not None and one.family_id == other.family_id
    if not known and not related and not pair.exists():
        Kinship.objects.create(workspace_id=workspace_id, first=one, second=other, **evidence)


@transaction.atomic
def kinship_confirm(*, kinship: Kinship, editor: User) -> Family:
    """Count the two voices as one publisher; families that they are in become one.

    Raises:
        TransitionError: somebody has decided on it meanwhile.
    """
    _decide(kinship, Kinship.State.SUGGESTED, Kinship.State.CONFIRMED, editor)
    first, second = _members(kinship)
    family = first.family or second.family or family_named(kinship.workspace_id, str(first))
    kept = Voice.objects.filter(
        Q(family=family) | Q(pk__in=[first.pk, second.pk]) | Q(family__in=[one.family_id for one in (first, second)])
    )
    members_set(family, list(kept))
    audit_record(actor=editor, verb="kinship.confirmed", target=kinship, details={"family": family.name})
    return family


@transaction.atomic
def kinship_refuse(*, kinship: Kinship, editor: User) -> None:
    """Keep the two voices apart; they are suggested again only when much more speaks for it.

    Raises:
        TransitionError: somebody has decided on it meanwhile.
    """
    _decide(kinship, Kinship.State.SUGGESTED, Kinship.State.REFUSED, editor)
    audit_record(actor=editor, verb="kinship.refused", target=kinship)


@transaction.atomic
def kinship_reopen(*, kinship: Kinship, editor: User) -> None:
    """Take a decision back: a refused pair is suggested again, of a confirmed one the second voice leaves the family.

    Raises:
        TransitionError: it is undecided already.
    """
    before = kinship.state
    if before == Kinship.State.SUGGESTED:
        raise TransitionError(_("Nobody has decided on it yet."))
    _decide(kinship, before, Kinship.State.SUGGESTED, editor)
    first, second = _members(kinship)
    if before == Kinship.State.CONFIRMED and first.family is not None and first.family_id == second.family_id:
        leaving = second if _is_bound(first, kinship) or not _is_bound(second, kinship) else first
        rest = [voice for voice in first.family.voices.all() if voice.pk != leaving.pk]
        members_set(first.family, rest if len(rest) > 1 else ())
        if len(rest) < 2:
            first.family.delete()
    audit_record(actor=editor, verb="kinship.reopened", target=kinship, details={"from": before})


def _decide(kinship: Kinship, origin: str, state: str, editor: User) -> None:
    undecided = state == Kinship.State.SUGGESTED
    change = {
        "state": state,
        "decided_by": None if undecided else editor,
        "decided_at": None if undecided else now(),
        "refused_share": kinship.share if state == Kinship.State.REFUSED else None,
    }
    if Kinship.objects.filter(pk=kinship.pk, state=origin).update(**change) != 1:
        raise TransitionError(_("Somebody has decided on it meanwhile."))
    for name, value in change.items():
        setattr(kinship, name, value)


def _members(kinship: Kinship) -> tuple[Voice, Voice]:
    """Both voices as they stand now."""
    held = Voice.objects.select_related("family", "source").in_bulk([kinship.first_id, kinship.second_id])
    return held[kinship.first_id], held[kinship.second_id]


def _is_bound(voice: Voice, apart_from: Kinship) -> bool:
    """Whether another confirmed pair keeps a voice in its family."""
    pairs = Kinship.objects.filter(Q(first=voice) | Q(second=voice), state=Kinship.State.CONFIRMED)
    return pairs.exclude(pk=apart_from.pk).exists()
