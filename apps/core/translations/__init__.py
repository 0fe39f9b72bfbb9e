"""Catalogues of translations: taken from the code, checked and compiled by Babel, without gettext's programs."""

from apps.core.translations.catalogues import (
    SOURCE_LANGUAGE,
    catalogue_path,
    catalogues_compiled,
    catalogues_updated,
    problems,
)
from apps.core.translations.extraction import template_of

__all__ = [
    "SOURCE_LANGUAGE",
    "catalogue_path",
    "catalogues_compiled",
    "catalogues_updated",
    "problems",
    "template_of",
]
