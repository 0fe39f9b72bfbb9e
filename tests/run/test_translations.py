"""Catalogues come from the code, are held against it, and are compiled without gettext's programs."""

from __future__ import annotations

import gettext
import io
import os
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation
from django.utils.translation import trans_real

from apps.core import translations
from apps.core.translations.extraction import messages_of

PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext

NAME = _("Story")
# Translators: shown on the button
LABEL = pgettext("verb", "Order")
def told(count):
    return ngettext("%(count)d post", "%(count)d posts", count) % {"count": count}
"""
TEMPLATE = """{% load i18n %}
<div class="it's">
   {% if a %}<b>{% translate "Don't stop" %}</b>
 {% endif %}
      <a title="{% translate 'Open' context 'verb' %}">{{ name }}</a>
  {% blocktranslate trimmed count counter=n with who=user.name %}
    {{ who }} has {{ counter }} draft
  {% plural %}
    {{ who }} has {{ counter }} drafts
  {% endblocktranslate %}
 {# not "this" one #}
</div>
"""


@pytest.fixture
def project(tmp_path: Path, settings: LazySettings) -> Path:
    """A project with one Python file and one template."""
    (tmp_path / "apps").mkdir()
    (tmp_path / "templates" / "x").mkdir(parents=True)
    (tmp_path / "apps" / "words.py").write_text(PYTHON)
    (tmp_path / "templates" / "x" / "page.html").write_text(TEMPLATE)
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return tmp_path


def translate(language: str) -> Catalog:
    """Fill a catalogue with something."""
    path = translations.catalogue_path(language)
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    for message in catalogue:
        if message.id:
            message.string = (
                tuple(f"{form} {message.id[min(form, 1)]}" for form in range(3))
                if message.pluralizable
                else f"«{message.id}»"
            )
    with path.open("wb") as file:
        write_po(file, catalogue)
    return catalogue


def test_texts_are_found_in_python_and_templates(project: Path) -> None:
    found = {(message.context, message.id) for message in translations.template_of(project) if message.id}
    assert found == {
        (None, "Story"),
        ("verb", "Order"),
        (None, ("%(count)d post", "%(count)d posts")),
        (None, "Don't stop"),
        ("verb", "Open"),
        (None, ("%(who)s has %(counter)s draft", "%(who)s has %(counter)s drafts")),
    }


def test_a_template_s_lines_are_kept(project: Path) -> None:
    lines = {
        message: line for line, message, _comments, _context in messages_of(project / "templates" / "x" / "page.html")
    }
    assert lines["Don't stop"] == 3


def test_texts_are_found_under_any_imported_name(tmp_path: Path) -> None:
    path = tmp_path / "words.py"
    path.write_text(
        "from django.utils.translation import gettext as _t, gettext_lazy as lazy\n"
        "from django.utils.translation import npgettext as counted\n"
        'A, B, C = _t("Open"), lazy("Closed"), other("No text")\n'
        'D = counted("queue", "%d story", "%d stories", 2)\n'
    )
    assert [(message, context) for _line, message, _comments, context in messages_of(path)] == [
        ("Open", None),
        ("Closed", None),
        (("%d story", "%d stories"), "queue"),
    ]


def test_a_new_text_is_missing_until_it_is_translated(project: Path) -> None:
    assert translations.catalogues_updated() == {"ru": 6, "en": 0}
    assert len([line for line in translations.problems() if line.startswith("ru: not translated")]) == 6
    translate("ru")
    assert translations.problems() == []
    assert translations.catalogues_updated() == {"ru": 0, "en": 0}


def test_a_text_that_is_new_or_gone_is_told_and_then_taken_over(project: Path) -> None:
    translations.catalogues_updated()
    translate("ru")
    (project / "apps" / "words.py").write_text(PYTHON.replace('_("Story")', '_("Tale")'))
    assert translations.problems() == [
        "ru: not in the catalogue: apps/words.py: 'Tale'",
        "ru: no longer in the code: apps/words.py: 'Story'",
        "en: not in the catalogue: apps/words.py: 'Tale'",
        "en: no longer in the code: apps/words.py: 'Story'",
    ]
    assert translations.catalogues_updated()["ru"] == 1
    assert "Story" not in translations.catalogue_path("ru").read_text()


def test_a_fuzzy_text_and_a_wrong_placeholder_are_told(project: Path) -> None:
    translations.catalogues_updated()
    translate("ru")
    path = translations.catalogue_path("ru")
    path.write_text(
        path.read_text().replace("2 %(count)d posts", "2 %(oops)d posts").replace('msgid "Don', '#, fuzzy\nmsgid "Don')
    )
    told = translations.problems()
    assert len([line for line in told if line.startswith("ru: fuzzy")]) == 1
    assert len([line for line in told if "%(count)d post" in line]) == 1


def test_a_compiled_catalogue_speaks_with_the_right_plurals(project: Path) -> None:
    translations.catalogues_updated()
    translate("ru")
    assert translations.catalogues_compiled() == 2
    with translations.catalogue_path("ru").with_suffix(".mo").open("rb") as file:
        words = gettext.GNUTranslations(file)
    said = [words.ngettext("%(count)d post", "%(count)d posts", count)[0] for count in (1, 2, 5, 11, 21, 22, 25)]
    assert said == ["0", "1", "2", "2", "0", "1", "2"]
    assert words.pgettext("verb", "Order") == "«Order»"


def test_django_takes_the_plural_header(project: Path) -> None:
    translations.catalogues_updated()
    translate("ru")
    translations.catalogues_compiled()
    trans_real._translations.clear()
    try:
        with translation.override("ru"):
            said = [translation.ngettext("%(count)d post", "%(count)d posts", count)[0] for count in (1, 2, 5, 21)]
            assert translation.gettext("Story") == "«Story»"
        with translation.override("en"):
            assert translation.ngettext("%(count)d post", "%(count)d posts", 5) == "%(count)d posts"
    finally:
        trans_real._translations.clear()
    assert said == ["0", "1", "2", "0"]


def test_only_what_is_newer_is_compiled(project: Path) -> None:
    translations.catalogues_updated()
    assert translations.catalogues_compiled() == 2
    assert translations.catalogues_compiled() == 0
    path = translations.catalogue_path("ru")
    later = path.with_suffix(".mo").stat().st_mtime + 5
    os.utime(path, (later, later))
    assert translations.catalogues_compiled() == 1


def test_the_check_fails_and_changes_nothing(project: Path) -> None:
    with pytest.raises(CommandError, match="problems"):
        call_command("translations", "--check", stdout=io.StringIO())
    assert not translations.catalogue_path("ru").exists()


def test_writing_twice_changes_nothing(project: Path) -> None:
    translations.catalogues_updated()
    before = translations.catalogue_path("ru").read_text()
    translations.catalogues_updated()
    assert translations.catalogue_path("ru").read_text() == before


def test_the_product_s_own_catalogues_are_complete() -> None:
    assert translations.problems() == []
