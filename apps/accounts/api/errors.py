"""The shape of the API's errors."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Errors as JSON with a plain `detail`; what is wrong with which field stands under `fields`."""
    answer = exception_handler(error, context)
    if answer is not None and isinstance(error, ValidationError):
        answer.data = {"detail": _("Some fields are wrong."), "fields": answer.data}
    return answer
