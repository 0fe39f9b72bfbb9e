"""What an address must look like."""

from __future__ import annotations

import httpx2
import pytest

from apps.core.errors import PermanentError
from apps.core.http import AllowList, checked_url
from apps.core.http.urls import place, refuse_literal

NONE = AllowList()


@pytest.mark.parametrize(
    ("text", "as_read"),
    [
        ("https://example.org/feed", "https://example.org/feed"),
        ("  http://Example.ORG ", "http://example.org/"),
        ("http://example.org:8080/a?b=c", "http://example.org:8080/a?b=c"),
        ("https://пример.рф/лента", "https://xn--e1afmkfd.xn--p1ai/%D0%BB%D0%B5%D0%BD%D1%82%D0%B0"),
        ("http://[2606:4700::1111]:8443/", "http://[2606:4700::1111]:8443/"),
    ],
)
def test_an_ordinary_address_is_read(text, as_read):
    url = checked_url(text, allow=NONE)
    assert str(url).rstrip("/") == as_read.rstrip("/")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "scheme_refused"),
        ("example.org", "scheme_refused"),
        ("ftp://example.org/", "scheme_refused"),
        ("file:///etc/passwd", "scheme_refused"),
        ("gopher://example.org/", "scheme_refused"),
        ("javascript:alert(1)", "scheme_refused"),
        ("http:///path", "bad_url"),
        ("http://a\x00b/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://0177.0.0.1/", "bad_url"),
        ("http://example.org:port/", "bad_url"),
        ("https://example.org/" + "a" * 2048, "bad_url"),
        ("http://user@example.org/", "credentials_refused"),
        ("http://user:secret@example.org/", "credentials_refused"),
        ("http://127.0.0.1\\@example.org/", "credentials_refused"),
        ("http://example.org:22/", "port_refused"),
        ("http://example.org:25/", "port_refused"),
        ("http://example.org:1023/", "port_refused"),
        ("http://example.org:5432/", "port_refused"),
        ("http://example.org:6379/", "port_refused"),
        ("http://example.org:65536/", "port_refused"),
    ],
)
def test_a_bad_address_is_refused(text, code):
    with pytest.raises(PermanentError) as caught:
        checked_url(text, allow=NONE)
    assert caught.value.code == code


def test_a_refusal_shows_no_password():
    with pytest.raises(PermanentError) as caught:
        checked_url("http://user:topsecret@example.org/", allow=NONE)
    assert "topsecret" not in str(caught.value)
    assert "example.org" in str(caught.value)


def test_a_listed_port_is_let_through():
    assert checked_url("http://127.0.0.1:81/", allow=AllowList.parse(["127.0.0.1:81"])).port == 81


def test_place_is_host_and_port():
    assert place(checked_url("https://example.org/a", allow=NONE)) == "example.org:443"
    assert place(checked_url("http://example.org/b", allow=NONE)) == "example.org:80"
    assert place(checked_url("http://example.org:8080/b", allow=NONE)) == "example.org:8080"


def test_a_private_number_is_refused_unless_its_network_is_allowed():
    url = httpx2.URL("http://10.1.2.3/feed")
    with pytest.raises(PermanentError) as refused:
        refuse_literal(url, allow=AllowList.parse([]))
    assert refused.value.code == "address_refused"
    refuse_literal(url, allow=AllowList.parse(["10.0.0.0/8"]))
