"""Pages for what went wrong: what happened, what to do, and a number to name to whoever runs Pult."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.views import defaults

BROKE = "Something broke"
NOT_ACCEPTED = "The form was not accepted"


@pytest.fixture
def number() -> Iterator[str]:
    """The number of a request under way."""
    with structlog.contextvars.bound_contextvars(request_id="number-of-a-request"):
        yield "number-of-a-request"


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret reason")


urlpatterns = [path("broken/", broken)]


def words(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def test_error_page_needs_no_database_and_no_context(number: str) -> None:
    answer = defaults.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert BROKE in words(answer)
    assert f"<code>{number}</code>" in words(answer)


def test_error_page_outside_a_request_names_no_number() -> None:
    page = words(defaults.server_error(RequestFactory().get("/")))
    assert BROKE in page
    assert "<code>" not in page


def test_bug_shows_the_number_of_its_request_and_not_its_reason(client: Client, settings: LazySettings) -> None:
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    answer = client.get("/broken/", headers={"x-request-id": "from-the-proxy"})
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] == "from-the-proxy"
    assert "<code>from-the-proxy</code>" in words(answer)
    assert "a secret reason" not in words(answer)


def test_bad_request_says_what_to_do(number: str) -> None:
    answer = defaults.bad_request(RequestFactory().get("/"), ValueError("a secret reason"))
    assert answer.status_code == 400
    assert "Go back and try again" in words(answer)
    assert number in words(answer)
    assert "a secret reason" not in words(answer)


def test_form_without_its_token_is_refused_in_words(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("admin:login"), headers={"accept-language": "en"})
    assert answer.status_code == 403
    page = words(answer)
    assert page.count("<h1>") == 1
    assert "CSRF" not in page
    assert answer.headers["X-Request-ID"] in page


def test_form_page_says_that_nothing_was_changed() -> None:
    request = RequestFactory().post("/")
    with structlog.contextvars.bound_contextvars(request_id=""):
        page = words(defaults.permission_denied(request, PermissionDenied(), template_name="403_csrf.html"))
    assert NOT_ACCEPTED in page
    assert "Nothing was changed." in page
    assert "<code>" not in page


def test_unknown_address_leads_to_the_first_page(client: Client, db: None) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert f'href="{reverse("home")}"' in words(answer)


def test_refused_page_says_whom_to_ask() -> None:
    answer = defaults.permission_denied(RequestFactory().get("/"), PermissionDenied("a secret reason"))
    assert answer.status_code == 403
    assert "Ask the owner of your workspace" in words(answer)
    assert "a secret reason" not in words(answer)


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html"])
def test_error_pages_ask_nothing_from_elsewhere(name: str) -> None:
    page = words(defaults.bad_request(RequestFactory().get("/"), ValueError(), template_name=name))
    assert "<script" not in page
    assert "style=" not in page
    assert "//" not in page.replace("<!DOCTYPE html>", "")
