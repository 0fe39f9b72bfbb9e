"""What a channel says of the links in its publications; a part of `Channel`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.publishing.statistics.links import UTM_NAMES, unknown_variables


def known_variables_only(template: str) -> None:
    """Refuse braces around anything that is no variable."""
    if unknown := unknown_variables(template):
        words = _t("%(unknown)s is not known. These are: {channel}, {story}, {publication}.")
        raise ValidationError(words % {"unknown": ", ".join(unknown)})


class LinkRules(models.Model):
    """Whether links become own short links whose clicks are counted, and what is added to their addresses."""

    short_links = models.BooleanField(
        _("count clicks"),
        default=False,
        help_text=_("Links in texts and buttons lead through short links of this installation, which count clicks."),
    )
    utm_source = models.CharField(
        "utm_source",
        max_length=100,
        blank=True,
        default="",
        validators=[known_variables_only],
        help_text=_("Added to addresses that lack it; empty: nothing is added. Variables: {channel}, {story}."),
    )
    utm_medium = models.CharField(
        "utm_medium", max_length=100, blank=True, default="", validators=[known_variables_only]
    )
    utm_campaign = models.CharField(
        "utm_campaign",
        max_length=100,
        blank=True,
        default="",
        validators=[known_variables_only],
        help_text=_("{publication} is the number of the publication, {story} that of the story."),
    )

    class Meta:
        abstract = True

    @property
    def utm(self) -> dict[str, str]:
        """The templates by parameter."""
        return {name: getattr(self, name) for name in UTM_NAMES}
