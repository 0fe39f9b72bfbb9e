"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AiConfig(AppConfig):
    """The one gateway to text models: writers, prompts, budgets, ledger."""

    name = "apps.ai"
    verbose_name = _("AI")
