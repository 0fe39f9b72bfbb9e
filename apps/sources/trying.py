"""What filters that are not saved yet would do to the latest posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.sources.filters import Budget, Candidate, Judge, Rule, Verdict, chains_of
from apps.sources.filters.chains import Owner
from apps.sources.models import FilterSet, Post, PostMedia, Source
from apps.sources.parsers.entities import read

POSTS = 500
TRIAL_S = 5.0  # for all rules on all posts; somebody waits for the page
EXCERPT = 260
LEAD = 60  # characters before the first match


@dataclass(frozen=True, slots=True)
class Tried:
    """One post and what would become of it.

    Attributes:
        excerpt: how it begins, or the place of the match: pieces, each with whether it is what matched.
        number: the place of the deciding rule among those tried; None where another rule decided, or none.
        is_change: it would fare otherwise than it did.
    """

    post: Post
    verdict: Verdict
    excerpt: tuple[tuple[str, bool], ...] = ()
    number: int | None = None
    is_change: bool = False


@dataclass(slots=True)
class Trial:
    """The whole of it.

    Attributes:
        decided: by place of the tried rules, on how many posts each decides.
        slow: places of the tried rules that took too long and were left out of some posts.
        others_slow: so did rules of sets or of the workspace.
        shown: the posts asked for, newest first; `matching` is how many there are of that kind.
    """

    total: int = 0
    dropped: int = 0
    changed: int = 0
    decided: Counter[int] = field(default_factory=Counter)
    slow: set[int] = field(default_factory=set)
    others_slow: bool = False
    shown: list[Tried] = field(default_factory=list)
    matching: int = 0

    @property
    def kept(self) -> int:
        """How many would be kept."""
        return self.total - self.dropped


def filters_try(
    *,
    owner: Owner,
    rules: Sequence[Rule | None],
    links: Sequence[FilterSet] | Sequence[Source] = (),
    show: str = "dropped",
    most: int = 50,
) -> Trial:
    """Ask these rules, in the place of the owner's saved ones, about the latest posts that they would concern.

    `rules` are by place, None where one is off or can't be understood; `links` are the sets of a
    source or the sources of a set, saved or not; `show` is dropped, kept, changed or all.
    """
    chains = chains_of(owner if isinstance(owner, Workspace) else owner.workspace_id)
    # A tried rule is known by its place, below zero so that it is no row's.
    chains.replaced(
        owner, [Rule(one.kind, one.effect, one.value, -place) for place, one in enumerate(rules, start=1) if one]
    )
    chains.linked(owner, [one.pk for one in links])
    posts = list(posts_concerned(owner, links)[:POSTS])
    media = media_of(posts)
    judges: dict[int, Judge] = {}
    budget = Budget(total_s=TRIAL_S)
    trial = Trial(total=len(posts))
    for post in posts:
        if post.source_id not in judges:
            judges[post.source_id] = Judge(chains.of(post.source_id), budget)
        _ask(trial, judges[post.source_id], post, media.get(post.pk, ()), show, most)
    return trial


def _ask(trial: Trial, judge: Judge, post: Post, media: tuple[str, ...], show: str, most: int) -> None:
    candidate = candidate_of(post, media)
    verdict = Verdict() if post.is_taken_back else judge.verdict(candidate)
    is_dropped = bool(verdict.dropped_by)
    is_change = is_dropped != bool(post.dropped_by)
    number = -verdict.rule - 1 if verdict.rule is not None and verdict.rule < 0 else None
    trial.dropped += is_dropped
    trial.changed += is_change
    trial.slow |= {-key - 1 for key in verdict.slow if key is not None and key < 0}
    trial.others_slow |= any(key is not None and key >= 0 for key in verdict.slow)
    if number is not None:
        trial.decided[number] += 1
    kinds = {"all", "dropped" if is_dropped else "kept", "changed" if is_change else "all"}
    if show in kinds:
        trial.matching += 1
        if len(trial.shown) < most:
            trial.shown.append(Tried(post, verdict, excerpt_of(judge, candidate, verdict), number, is_change))


def posts_concerned(owner: Owner, links: Sequence[FilterSet] | Sequence[Source] = ()) -> QuerySet[Post]:
    """The posts that a source's, a set's (with these sources) or a workspace's rules are for, newest first."""
    posts = Post.objects.select_related("source").order_by("-published_at", "-id").defer("boilerplate", "reactions")
    if isinstance(owner, Source):
        return posts.filter(source=owner)
    if isinstance(owner, FilterSet):
        return posts.filter(source__in=[one.pk for one in links])
    return posts.filter(workspace=owner)


def media_of(posts: Sequence[Post]) -> dict[int, tuple[str, ...]]:
    """The kinds of what posts carry, by post; one query."""
    found: dict[int, tuple[str, ...]] = {}
    rows = PostMedia.objects.filter(post__in=[post.pk for post in posts]).order_by("post", "position")
    for pk, kind in rows.values_list("post", "kind"):
        found[pk] = (*found.get(pk, ()), kind)
    return found


def candidate_of(post: Post, media: tuple[str, ...] = ()) -> Candidate:
    """A stored post as filters see it."""
    return Candidate(
        title=post.title,
        text=post.text,
        language=post.language,
        author=post.author,
        kind=post.kind,
        media=media,
        forwarded_from=post.forwarded_from,
        forwarded_url=post.forwarded_url,
        links=tuple(part.value for part in read(post.entities) if part.kind == "link" and part.value),
    )


def excerpt_of(judge: Judge, candidate: Candidate, verdict: Verdict) -> tuple[tuple[str, bool], ...]:
    """The beginning of a post, or the place where the deciding rule found something, in pieces."""
    words = candidate.words
    hit = judge.hit(verdict.number, candidate) if verdict.number is not None else None
    return excerpt_at(words, hit.spans if hit else ())


def excerpt_at(words: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """The beginning of a text, or the first of these places where it comes later, in pieces."""
    start = max(0, spans[0][0] - LEAD) if spans and spans[0][1] > EXCERPT else 0
    end = min(len(words), start + EXCERPT)
    pieces: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for begin, stop in spans:
        if begin >= end or begin < at:
            continue
        pieces += [(words[at:begin], False), (words[begin : min(stop, end)], True)]
        at = min(stop, end)
    pieces.append((words[at:end] + ("…" if end < len(words) else ""), False))
    return tuple(piece for piece in pieces if piece[0])
