"""What each voice puts around its posts: learnt from the posts as they come, refused by editors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.sources.models import Post, Signature, Source, Voice
from apps.sources.near import boilerplate

SIGNATURES_MAX = 50  # of a voice
RECUT_POSTS = 500
BATCH = 1000
State = Signature.State


def boilerplate_cut(*, source: Source, new: Sequence[Post], changed: Sequence[Post] = ()) -> None:
    """Count the lines at the ends of new posts, learn those that recur, and set `boilerplate` of all these posts.

    The posts are not stored here; call it under the source's lock. The queries do not grow with the posts.
    """
    posts = [post for post in (*new, *changed) if post.text]
    if not posts:
        return
    voices = voices_of(source, {post.channel for post in posts})
    known: dict[int, dict[int, Signature]] = {voice.pk: {} for voice in voices.values()}
    for signature in Signature.objects.filter(voice__in=known):
        known[signature.voice_id][signature.key] = signature
    _learn(voices, known, new)
    learnt = {
        channel: {key for key, signature in known[voice.pk].items() if signature.state == State.LEARNT}
        for channel, voice in voices.items()
    }
    for post in posts:
        post.boilerplate = boilerplate.cut(post.text, learnt[post.channel])


def voices_of(source: Source, channels: Iterable[str]) -> dict[str, Voice]:
    """The source's voices of these channels, made where there are none yet."""
    wanted = set(channels)
    found = {voice.channel: voice for voice in Voice.objects.filter(source=source, channel__in=wanted)}
    missing = sorted(wanted - found.keys())
    if missing:
        Voice.objects.bulk_create([Voice(source=source, channel=channel) for channel in missing], ignore_conflicts=True)
        found |= {voice.channel: voice for voice in Voice.objects.filter(source=source, channel__in=missing)}
    return found


def _learn(voices: dict[str, Voice], known: dict[int, dict[int, Signature]], posts: Iterable[Post]) -> None:
    """Count the lines of new posts by voice; a line seen often enough becomes a signature."""
    by_channel: dict[str, list[Post]] = {}
    for post in posts:
        if post.text:
            by_channel.setdefault(post.channel, []).append(post)
    learnt: list[Signature] = []
    for channel, said in by_channel.items():
        voice = voices[channel]
        lines, seen = _counted(said)
        before = {int(key): count for key, count in voice.lines.items()}
        counts, voice.posts = boilerplate.counted(before, voice.posts, seen, len(said))
        voice.lines = {str(key): count for key, count in counts.items()}
        learnt += _recurring(voice, known[voice.pk], lines, counts)
    if by_channel:
        Voice.objects.bulk_update([voices[channel] for channel in by_channel], ["lines", "posts"], batch_size=BATCH)
    if learnt:
        Signature.objects.bulk_create(learnt, batch_size=BATCH, ignore_conflicts=True)


def _counted(posts: Iterable[Post]) -> tuple[dict[int, str], Counter[int]]:
    """The lines at the ends of posts by their key, and how often each was seen."""
    lines: dict[int, str] = {}
    seen: Counter[int] = Counter()
    for post in posts:
        for line in boilerplate.edges(post.text):
            lines[line.key] = line.text
            seen[line.key] += 1
    return lines, seen


def _recurring(
    voice: Voice, known: dict[int, Signature], lines: dict[int, str], counts: dict[int, int]
) -> list[Signature]:
    """The lines that are the voice's own and not known yet; of a line and its last sentence, the line."""
    learnt = []
    for key, line in sorted(lines.items(), key=lambda pair: -len(pair[1])):
        often = counts.get(key, 0)
        if key in known or len(known) >= SIGNATURES_MAX or not boilerplate.is_boilerplate(often, voice.posts):
            continue
        if any(other.line.endswith(line) and 2 * counts.get(other.key, 0) >= often for other in known.values()):
            continue
        known[key] = Signature(voice=voice, key=key, line=line, posts=often)
        learnt.append(known[key])
    return learnt


@transaction.atomic
def signature_refuse(*, signature: Signature, actor: User) -> None:
    """Compare this line like any other text from now on; it is not learnt again.

    Raises:
        TransitionError: it is compared already.
    """
    _move(signature, State.LEARNT, State.REFUSED, _("This line is compared already."))
    audit_record(actor=actor, verb="signature.refused", target=signature, details={"voice": str(signature.voice)})


@transaction.atomic
def signature_accept(*, signature: Signature, actor: User) -> None:
    """Leave this line out of comparison again.

    Raises:
        TransitionError: it is left out already.
    """
    _move(signature, State.REFUSED, State.LEARNT, _("This line is left out already."))
    audit_record(actor=actor, verb="signature.accepted", target=signature, details={"voice": str(signature.voice)})


def _move(signature: Signature, origin: str, state: str, refusal: str) -> None:
    voice = signature.voice
    Source.objects.select_for_update().only("pk").get(pk=voice.source_id)  # intake takes turns by this lock
    if Signature.objects.filter(pk=signature.pk, state=origin).update(state=state) != 1:
        raise TransitionError(refusal)
    signature.state = state
    _recut(voice)


def _recut(voice: Voice) -> None:
    """Cut the voice's latest posts anew; what was compared before stays as it was decided."""
    learnt = set(Signature.objects.filter(voice=voice, state=State.LEARNT).values_list("key", flat=True))
    latest = Post.objects.filter(source=voice.source_id, channel=voice.channel).order_by("-published_at", "-id")
    changed = []
    for post in latest.only("text", "boilerplate")[:RECUT_POSTS]:
        spans = boilerplate.cut(post.text, learnt)
        if spans != post.boilerplate:
            post.boilerplate = spans
            changed.append(post)
    if changed:
        Post.objects.bulk_update(changed, ["boilerplate"], batch_size=BATCH)
