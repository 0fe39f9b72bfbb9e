"""The app's entry in Django."""

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _
from django_structlog.celery.signals import modify_context_before_task_publish

from apps.core.checks import configuration, deployment
from apps.core.logs.context import carry
from apps.core.logs.queries import watch
from apps.core.lookups import register
from apps.core.work import kinds


class CoreConfig(AppConfig):
    """Work rows, errors, http, crypto, clock, checks, health: what every app stands on."""

    name = "apps.core"
    verbose_name = _("Core")

    def ready(self) -> None:
        """Time queries, register lookups and checks, and decide what of a request's context its tasks are given."""
        register()
        connection_created.connect(watch)
        modify_context_before_task_publish.connect(carry)
        checks.register(kinds.check_indexes, checks.Tags.models)
        checks.register(configuration)
        checks.register(deployment, deploy=True)
