"""Which addresses are public, and which private ones a list lets through."""

from __future__ import annotations

import pytest

from apps.core.addresses import parsed
from apps.core.http import AllowList, is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_a_special_address_is_not_public(address):
    assert is_public(parsed(address)) is False


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "223.255.255.255",
        "2a00:1450:4010:c0f::71",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_an_ordinary_address_is_public(address):
    assert is_public(parsed(address)) is True


def test_allow_list_reads_pairs_and_networks():
    allow = AllowList.parse(["127.0.0.1:8080", "Feeds.Local:80", "[::1]:9000", "10.0.0.0/8", "192.168.1.7", "fd00::/8"])
    assert allow.hosts == {("127.0.0.1", 8080), ("feeds.local", 80), ("::1", 9000)}
    assert [str(network) for network in allow.networks] == ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]


def test_allow_list_takes_a_bare_v6_address_and_a_network_with_host_bits():
    allow = AllowList.parse(["::1", "[fe80::1]", "10.1.2.3/8"])
    assert [str(network) for network in allow.networks] == ["::1/128", "fe80::1/128", "10.0.0.0/8"]


@pytest.mark.parametrize(
    "entry", ["localhost", "feeds.local:0", "feeds.local:70000", "10.0.0.0/33", "a/b:80", "x:y:80", ":80", ""]
)
def test_allow_list_names_the_entry_it_can_not_read(entry):
    with pytest.raises(ValueError, match=r"\A") as caught:
        AllowList.parse(["10.0.0.0/8", entry])
    assert str(caught.value) == entry


def test_a_pair_covers_its_port_only():
    allow = AllowList.parse(["127.0.0.1:8080", "[::1]:9000"])
    assert allow.covers(parsed("127.0.0.1"), 8080) is True
    assert allow.covers(parsed("127.0.0.1"), 8081) is False
    assert allow.covers(parsed("::1"), 9000) is True
    assert allow.names("127.0.0.1", 8080) is True
    assert allow.names("[::1]", 9000) is True
    assert allow.names("localhost", 8080) is False


def test_a_network_covers_every_port_of_its_own_family():
    allow = AllowList.parse(["10.0.0.0/8"])
    assert allow.covers(parsed("10.9.9.9"), 1) is True
    assert allow.covers(parsed("11.0.0.1"), 1) is False
    assert allow.covers(parsed("fd00::1"), 1) is False
    assert AllowList().covers(parsed("10.9.9.9"), 1) is False


def test_one_more_host_leaves_the_list_as_it_was():
    allow = AllowList.parse(["10.0.0.0/8"])
    more = allow.with_host("Model.Local", 8000)
    assert more.names("model.local", 8000) is True
    assert more.networks == allow.networks
    assert allow.names("model.local", 8000) is False
