"""Addresses with secrets as they are shown."""

from __future__ import annotations

import pytest

from apps.core.masking import address_masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://hooks.example.org/services/T00/B11/abcdWXYZ", "https://hooks.example.org/…WXYZ"),
        ("https://user:pass@hooks.example.org:8443/a?token=0123456789", "https://hooks.example.org:8443/…6789"),
        ("https://hooks.example.org/short", "https://hooks.example.org/…"),
        ("https://hooks.example.org/", "https://hooks.example.org/"),
        ("https://hooks.example.org", "https://hooks.example.org/"),
        ("http://[2001:db8::1]:80/hook/0123456789", "http://[2001:db8::1]:80/…6789"),
        ("https://hooks.example.org:port/", "…"),
        ("no address", "…"),
        ("", "…"),
    ],
)
def test_of_an_address_the_host_and_the_tail_are_shown(address: str, shown: str) -> None:
    assert address_masked(address) == shown
