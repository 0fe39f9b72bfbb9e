"""The SDK's errors as failures that a person can read, by class and by the vendor's own code."""

from __future__ import annotations

import openai
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, RetryableError
from apps.core.http import retry_after

LONGEST_REASON = 300
TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length", "rate_limit_exceeded_tokens"})
REFUSED = frozenset({"content_policy_violation", "content_filter", "moderation_blocked", "invalid_prompt"})
NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"})
NO_MODEL = frozenset({"model_not_found", "model_not_available", "invalid_model"})


def failure(exc: openai.OpenAIError, *, model: str, host: str) -> PultError:
    """The failure that an error of the SDK stands for."""
    if isinstance(exc, openai.APIStatusError):
        return of_status(exc, model=model, host=host)
    if isinstance(exc, openai.APITimeoutError):
        return RetryableError(
            _("The AI endpoint %(host)s did not answer in time. A shorter story or another model may be quicker.")
            % {"host": host},
            code="timed_out",
        )
    if isinstance(exc, openai.APIConnectionError):
        return RetryableError(
            _("No connection to the AI endpoint %(host)s: %(reason)s. Check its address in the workspace’s settings.")
            % {"host": host, "reason": exc.__cause__ or exc},
            code="connect_failed",
        )
    return unreadable(host)


def unreadable(host: str) -> RetryableError:
    """The failure of an answer that is not one of the API's."""
    return RetryableError(
        _("The AI endpoint %(host)s gave an answer that can't be read. Check that its address is that of an API.")
        % {"host": host},
        code="bad_answer",
    )


def of_status(exc: openai.APIStatusError, *, model: str, host: str) -> PultError:
    """The failure that a status stands for; the vendor's code is looked at first, since statuses vary by vendor."""
    words = {"model": model, "host": host, "reason": reason_of(exc), "status": exc.status_code}
    code = exc.code or ""
    if code in NO_MONEY or exc.status_code == 402:
        return PermanentError(
            _("The account at %(host)s has no money left: %(reason)s Top it up there, then try again.") % words,
            code="quota_exceeded",
        )
    if code in NO_MODEL or (exc.status_code == 404 and model in exc.message):
        return PermanentError(
            _("%(host)s has no model “%(model)s” for this key. Choose another in the workspace’s settings.") % words,
            code="model_not_found",
        )
    if code in TOO_LONG or exc.status_code == 413:
        return PermanentError(
            _(
                "The posts are too long for the model “%(model)s”: %(reason)s Take posts out of the prompt, or "
                "choose a model that reads more."
            )
            % words,
            code="too_long",
        )
    if code in REFUSED:
        return refused(reason_of(exc))
    return of_bare_status(exc, words)


def of_bare_status(exc: openai.APIStatusError, words: dict[str, object]) -> PultError:
    """The failure that a status stands for by itself."""
    if exc.status_code == 401:
        return PermanentError(
            _("%(host)s does not accept the AI key: %(reason)s Enter a working key in the workspace’s settings.")
            % words,
            code="bad_key",
        )
    if exc.status_code == 403:
        return PermanentError(
            _("%(host)s does not let this key write: %(reason)s Give it the right there, or use another key.") % words,
            code="forbidden",
        )
    if exc.status_code == 404:
        return PermanentError(_("%(host)s has no such AI endpoint; check its address.") % words, code="no_endpoint")
    if exc.status_code == 429 or exc.status_code in (408, 409, 425) or exc.status_code >= 500:
        return RetryableError(
            _("The AI endpoint %(host)s is busy or broken (status %(status)d).") % words,
            retry_after=retry_after(exc.response.headers.get("Retry-After"), at=now()),
            code="rate_limited" if exc.status_code == 429 else "vendor_down",
        )
    return PermanentError(_("%(host)s refused the request: %(reason)s") % words, code="bad_request")


def refused(reason: str) -> PermanentError:
    """The failure of a text that the model will not write."""
    return PermanentError(
        _(
            "The model refused the text: %(reason)s Change the prompt or the posts in it, write by hand, or choose "
            "another model."
        )
        % {"reason": ended(reason[:LONGEST_REASON])},
        code="refused",
    )


def reason_of(exc: openai.APIStatusError) -> str:
    """The vendor's own sentence, without the rest of the answer."""
    body = exc.body
    message = body.get("message") if isinstance(body, dict) else None
    return ended(str(message or exc.message)[:LONGEST_REASON])


def ended(sentence: str) -> str:
    """A sentence with a full stop, so that another can follow."""
    plain = sentence.strip()
    return plain if plain.endswith((".", "!", "?", "…")) else f"{plain}."
