"""The words of sources become filter rules."""

from django.db import migrations
from django.db.models import Value
from django.db.models.functions import Concat, Substr

FIELDS = ("include_words", "exclude_words", "min_length")
WORDS, DROP, REQUIRE, LENGTH = "words", "drop", "require", "length"


def quoted(words):
    """Words that were compared without their forms: in quotes, so that they go on catching what they caught."""
    lines = (" ".join(line.replace('"', " ").split()) for line in words.splitlines())
    return "\n".join(f'"{line}"' for line in dict.fromkeys(lines) if line)


def words_become_rules(apps, schema_editor):
    """The words and the shortest length of each source, as rules of its own in the order in which they were asked."""
    Source, FilterRule = apps.get_model("sources", "Source"), apps.get_model("sources", "FilterRule")
    typed = Source.objects.exclude(include_words="", exclude_words="", min_length=0).only("workspace", *FIELDS)
    for source in typed.iterator(chunk_size=500):
        rules = []
        if source.min_length:
            rules.append((LENGTH, DROP, f"< {source.min_length}"))
        if excluded := quoted(source.exclude_words):
            rules.append((WORDS, DROP, excluded))
        if included := quoted(source.include_words):
            rules.append((WORDS, REQUIRE, included))
        first = FilterRule.objects.filter(source=source).count()
        for place, (kind, effect, value) in enumerate(rules, start=first):
            FilterRule.objects.create(
                workspace_id=source.workspace_id, source=source, place=place, kind=kind, effect=effect, value=value
            )


def reasons_are_renamed(apps, schema_editor):
    """What dropped a post, in the new words."""
    posts = apps.get_model("sources", "Post").objects
    for old, new in (("excluded:", "words:drop:"), ("too_short:", "length:drop:< ")):
        rest = Substr("dropped_by", len(old) + 1, 120 - len(new))
        posts.filter(dropped_by__startswith=old).update(dropped_by=Concat(Value(new), rest))
    posts.filter(dropped_by="not_included").update(dropped_by="words:require:")


def rules_become_words(apps, schema_editor):
    """Back to the fields, as far as they can say it."""
    Source, FilterRule = apps.get_model("sources", "Source"), apps.get_model("sources", "FilterRule")
    for rule in FilterRule.objects.filter(source__isnull=False).order_by("place", "id"):
        source = Source.objects.only(*FIELDS).get(pk=rule.source_id)
        if (rule.kind, rule.effect) == (LENGTH, DROP) and rule.value.startswith("< "):
            source.min_length = int(rule.value[2:])
        elif rule.kind == WORDS and rule.effect in (DROP, REQUIRE):
            name = "exclude_words" if rule.effect == DROP else "include_words"
            setattr(source, name, f"{getattr(source, name)}\n{rule.value.replace(chr(34), '')}".strip())
        else:
            continue
        source.save(update_fields=FIELDS)
        rule.delete()


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0009_filter_rules'),
    ]

    operations = [
        migrations.RunPython(words_become_rules, rules_become_words),
        migrations.RunPython(reasons_are_renamed, migrations.RunPython.noop),
    ]
