"""Words of posts, found among a million of them.

PostgreSQL keeps the stems of each post (`words`, a generated column with a GIN index, Russian); SQLite keeps an FTS5
index that triggers feed. Neither is known to the ORM: a migration makes them, and `index_ensure` mends SQLite's after a
migration that remade the table and lost its triggers. Who changes the type of `title` or `text` drops `words` first.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from apps.sources.models import Post

HITS_MAX = 2000
HITS_ENOUGH = 150
NEWEST = (20_000, 200_000)  # how many of the newest posts are searched before all are
# How PostgreSQL is to look: along the newest where they are few, by the words' bitmaps where they are many. Left to
# itself it walks along them all for a rare word.
WALK = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
BITMAPS = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_indexscan = off"
AS_BEFORE = "; ".join(f"SET LOCAL enable_{way} = DEFAULT" for way in ("seqscan", "bitmapscan", "indexscan"))
WORDS_MAX = 6
PREFIX_LEAST = 4  # shorter words are looked for whole
WORD = re.compile(r"[^\W_]+")
ENDING = re.compile(r"(?<=\w{3})[аеёиоуыэюяйь]{1,2}$")  # SQLite knows no stems: a Russian ending is cut off instead

SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS sources_post_words USING fts5("
    "title, text, content='sources_post', content_rowid='id', tokenize='unicode61 remove_diacritics 2', detail='none')",
    "CREATE TRIGGER IF NOT EXISTS sources_post_words_added AFTER INSERT ON sources_post BEGIN "
    "INSERT INTO sources_post_words(rowid, title, text) VALUES (new.id, new.title, new.text); END",
    "CREATE TRIGGER IF NOT EXISTS sources_post_words_removed AFTER DELETE ON sources_post BEGIN "
    "INSERT INTO sources_post_words(sources_post_words, rowid, title, text) "
    "VALUES ('delete', old.id, old.title, old.text); END",
    "CREATE TRIGGER IF NOT EXISTS sources_post_words_changed AFTER UPDATE OF title, text ON sources_post BEGIN "
    "INSERT INTO sources_post_words(sources_post_words, rowid, title, text) "
    "VALUES ('delete', old.id, old.title, old.text); "
    "INSERT INTO sources_post_words(rowid, title, text) VALUES (new.id, new.title, new.text); END",
)
REBUILD = "INSERT INTO sources_post_words(sources_post_words) VALUES ('rebuild')"


def posts_found(posts: QuerySet[Post], typed: str) -> tuple[QuerySet[Post], bool]:
    """Those of the posts that have every word that was typed, and whether older ones than these were left out."""
    terms = WORD.findall(typed.lower())[:WORDS_MAX]
    if not terms:
        return posts.none(), False
    is_postgresql = connections[posts.db].vendor == "postgresql"
    if not is_postgresql:
        found, is_cut = _on_sqlite(posts, terms)
        return posts.filter(pk__in=found), is_cut
    found, is_cut = _on_postgresql(posts, terms)
    # One array: two thousand parameters, in each of the list's questions, cost more than the search.
    listed = RawSQL("SELECT UNNEST(%s::bigint[])", ["{" + ",".join(map(str, found)) + "}"])
    return posts.filter(pk__in=listed), is_cut


def _on_postgresql(posts: QuerySet[Post], terms: list[str]) -> tuple[list[int], bool]:
    """The newest hits, wider and wider back until they are enough."""
    plain = [term.replace("ё", "е") for term in terms]
    query = " & ".join(f"{term}:*" if len(term) >= PREFIX_LEAST else term for term in plain)
    hits = posts.filter(RawSQL('"sources_post"."words" @@ to_tsquery(\'russian\', %s)', [query], BooleanField()))
    hits = hits.order_by("-pk")
    last = Post.objects.using(posts.db).order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic(using=posts.db), connections[posts.db].cursor() as cursor:
        try:
            for back, way in zip(NEWEST, (WALK, BITMAPS), strict=True):
                cursor.execute(way)
                found = list(hits.filter(pk__gt=last - back).values_list("pk", flat=True)[: HITS_MAX + 1])
                if len(found) >= HITS_ENOUGH:
                    return found[:HITS_MAX], len(found) > HITS_MAX or last > back
            found = list(hits.values_list("pk", flat=True)[: HITS_MAX + 1])
        finally:
            cursor.execute(AS_BEFORE)
    return found[:HITS_MAX], len(found) > HITS_MAX


def _on_sqlite(posts: QuerySet[Post], terms: list[str]) -> tuple[list[int], bool]:
    """The newest hits: FTS5 gives them newest first, so a few of them cost little; all of them only where few fit."""
    query = " AND ".join(_sqlite_term(term) for term in terms)
    for limit in (NEWEST[0], -1):
        matched = RawSQL(
            "SELECT rowid FROM sources_post_words WHERE sources_post_words MATCH %s ORDER BY rowid DESC LIMIT %s",
            [query, limit],
        )
        found = list(posts.filter(pk__in=matched).order_by("-pk").values_list("pk", flat=True)[: HITS_MAX + 1])
        if len(found) >= HITS_ENOUGH:
            break
    return found[:HITS_MAX], len(found) > HITS_MAX


def _sqlite_term(term: str) -> str:
    """A word as FTS5 is asked for it; ё also as е, but not the other way round: it keeps the two apart."""
    spellings = dict.fromkeys((term, term.replace("ё", "е")))
    stems = [ENDING.sub("", spelling) for spelling in spellings]
    asked = [f'"{stem}"*' if len(term) >= PREFIX_LEAST else f'"{term}"' for stem in stems]
    return asked[0] if len(asked) == 1 else f"({' OR '.join(asked)})"


def index_make(connection: BaseDatabaseWrapper) -> None:
    """Make SQLite's index where it has none, and read all posts."""
    with connection.cursor() as cursor:
        for statement in (*SQLITE, REBUILD):
            cursor.execute(statement)


def index_ensure(**told: Any) -> None:
    """After migrations: make SQLite's triggers again where a remade table lost them, and read all posts anew."""
    connection = connections[told.get("using", "default")]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'table')")
        names = {name for (name,) in cursor.fetchall()}
    triggers = {statement.split()[5] for statement in SQLITE if "TRIGGER" in statement}
    if "sources_post" in names and not triggers <= names:
        index_make(connection)
