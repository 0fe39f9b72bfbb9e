"""Pictures of stories."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.stories.models.story import Story


class Illustration(models.Model):
    """A picture for a story: from a source, generated, drawn as a cover, or uploaded. One of a story is chosen.

    `crop` is left, top, width and height as shares of the picture, 0 to 1; empty means all of it.
    """

    class Kind(models.TextChoices):
        SOURCE = "source", _("From a source")
        GENERATED = "generated", _("Generated")
        COVER = "cover", _("Typographic cover")
        UPLOADED = "uploaded", _("Uploaded")

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="illustrations", verbose_name=_("story"))
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    file = models.FileField(_("file"), upload_to="illustrations/%Y/%m/")
    mime = models.CharField(_("type"), max_length=60)
    width = models.PositiveIntegerField(_("width, px"))
    height = models.PositiveIntegerField(_("height, px"))
    content_hash = models.CharField(max_length=64, editable=False)
    title = models.CharField(_("title"), max_length=200, blank=True, default="")
    alt = models.CharField(_("description for those who can’t see it"), max_length=500, blank=True, default="")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    credit = models.CharField(_("credit"), max_length=300, blank=True, default="")
    crop = models.JSONField(_("crop"), default=list, blank=True)
    prompt = models.TextField(_("prompt"), blank=True, default="")
    provider = models.CharField(_("provider"), max_length=100, blank=True, default="")
    cost_usd = models.DecimalField(_("cost, $"), max_digits=12, decimal_places=6, default=Decimal(0))
    is_chosen = models.BooleanField(_("chosen"), default=False)
    made_by = models.ForeignKey(
        "Illustrating", on_delete=models.SET_NULL, null=True, blank=True, related_name="made", editable=False
    )
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("illustration")
        verbose_name_plural = _("illustrations")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["story"], condition=Q(is_chosen=True), name="illustration_chosen_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["source", "generated", "cover", "uploaded"]), name="illustration_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.pk)


class Illustrating(WorkRow):
    """Pictures that have to be made for a story; the prompt is exactly what the illustrator gets.

    Attributes:
        answer: what came and is paid for, kept before the candidates are: `services.illustrating.answer_stored`.
    """

    class Way(models.TextChoices):
        GENERATE = "generate", _("Generate")
        COVER = "cover", _("Draw a cover")

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="illustratings", verbose_name=_("story"))
    way = models.CharField(_("way"), max_length=8, choices=Way.choices)
    prompt = models.TextField(_("prompt"), blank=True, default="")
    count = models.PositiveSmallIntegerField(_("how many"), default=1)
    answer = models.JSONField(null=True, default=None, editable=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("making of illustrations")
        verbose_name_plural = _("makings of illustrations")

    def __str__(self) -> str:
        return str(_("illustrations of “%(story)s”") % {"story": self.story})
