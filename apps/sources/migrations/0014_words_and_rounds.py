"""The index of posts' words, which the ORM does not know, and the first rounds of workspaces that have sources."""

from typing import Any

from django.db import migrations, models

# As of this migration; apps/sources/search.py has the present words.
POSTGRESQL = (
    "ALTER TABLE sources_post ADD COLUMN words tsvector GENERATED ALWAYS AS "
    "(strip(to_tsvector('russian', translate(title || ' ' || text, 'ёЁ', 'еЕ')))) STORED",
    "CREATE INDEX post_words ON sources_post USING gin (words)",
)
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


def words_index(_apps: Any, editor: Any) -> None:
    """Make the index that this database has for words."""
    for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else (*SQLITE, REBUILD):
        editor.execute(statement)


def words_forget(_apps: Any, editor: Any) -> None:
    """Drop it."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE sources_post DROP COLUMN words")
        return
    for name in ("added", "removed", "changed"):
        editor.execute(f"DROP TRIGGER sources_post_words_{name}")
    editor.execute("DROP TABLE sources_post_words")


def rounds_begin(apps: Any, _editor: Any) -> None:
    """Have the sources of every workspace looked after."""
    workspaces = apps.get_model("sources", "Source").objects.order_by().values_list("workspace", flat=True).distinct()
    for name in ("HealthCheck", "Retention"):
        kind = apps.get_model("sources", name)
        kind.objects.bulk_create([kind(workspace_id=pk) for pk in workspaces], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("sources", "0013_channel_fetch")]

    operations = [
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["workspace", "published_at", "views", "forwards", "id"], name="post_reach"),
        ),
        migrations.RunPython(words_index, words_forget),
        migrations.RunPython(rounds_begin, migrations.RunPython.noop, elidable=True),
    ]
