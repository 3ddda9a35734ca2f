"""The administrator's list of private hosts opens what it names and nothing else."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from providers import guard
from providers.allowed_hosts import parse_allowed_hosts
from providers.contract import Adapter
from providers.errors import AddressRefusedError
from tests.canary import Canary
from tests.providers.conftest import KEY, collect, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

MakeAdapter = Callable[..., Adapter]
Names = dict[str, list[list[str]]]
PUBLIC = "93.184.215.14"
PAGE = "/settings/providers/"


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("ollama.lan", "ollama.lan"),
        ("Ollama.LAN:{port}", "ollama.lan"),
        ("ollama.lan:{port}", "OLLAMA.lan"),
        ("ollama.lan.", "ollama.lan"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:{port}", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "ollama.lan"),
        ("0.0.0.0/0", "ollama.lan"),
    ],
)
async def test_what_is_named_is_reached(
    *,
    entry: str,
    host: str,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    names: Names,
    settings: Any,
) -> None:
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts([entry.format(port=upstream.port)])
    names["127.0.0.1"] = names["ollama.lan"] = [["127.0.0.1"]]
    base_url = guard.checked_url(f"http://{host}:{upstream.port}/v1")
    adapter = adapter_for("openai_compatible", base_url=base_url, trusted=False)

    assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER


@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("ollama.lan:1", "ollama.lan"),
        ("ollama.lan", "other.lan"),
        ("ollama.lan", "sub.ollama.lan"),
        ("ollama.lan", "ollama.lan.evil.example"),
        ("lan", "ollama.lan"),
        ("ollama.lan", "127.0.0.1"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.1"),
        ("127.0.0.2", "ollama.lan"),
        ("127.128.0.0/9", "127.0.0.1"),
        ("10.0.0.0/8", "half.example"),
        ("::/0", "127.0.0.1"),
        (f"{PUBLIC}:{{port}}", "half.example"),
    ],
)
async def test_nothing_else_is_reached(
    *,
    kind: str,
    entry: str,
    host: str,
    adapter_for: MakeAdapter,
    canary: Canary,
    names: Names,
    settings: Any,
) -> None:
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts([entry.format(port=canary.port)])
    names.update({name: [["127.0.0.1"]] for name in (host, "ollama.lan")})
    names["half.example"] = [[PUBLIC, "127.0.0.1"]]
    adapter = adapter_for(kind, base_url=f"http://{host}:{canary.port}", trusted=False)

    with pytest.raises(AddressRefusedError, match="PROVIDER_ALLOWED_HOSTS"):
        await collect(adapter.stream(request_for("ok")))
    with pytest.raises(AddressRefusedError):
        await adapter.list_models()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "100.100.100.200",
        "169.254.169.254",
        "::",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%1",
        "ff02::1",
    ],
)
async def test_some_addresses_stay_closed_whatever_is_allowed(
    address: str, names: Names, settings: Any
) -> None:
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts(["evil.example", "0.0.0.0/0", "::/0"])
    settings.PROVIDER_ALLOW_PRIVATE = True
    names["evil.example"] = [[address]]

    with pytest.raises(AddressRefusedError, match="never called"):
        await guard.vetted_addresses("evil.example", 80)


async def test_an_allowed_name_is_pinned_and_vetted_like_any(
    adapter_for: MakeAdapter, upstream: Upstream, names: Names, settings: Any
) -> None:
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts(["ollama.lan"])
    names["ollama.lan"] = [["127.0.0.1"], ["127.0.0.2"]]
    base_url = f"http://ollama.lan:{upstream.port}/v1"
    adapter = adapter_for("openai_compatible", base_url=base_url, trusted=False)

    for _ in range(2):
        assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER
    with pytest.raises(AddressRefusedError, match="302"):
        await collect(adapter.stream(request_for("redirect")))
    assert {entry["path"] for entry in upstream.requests} == {"/v1/chat/completions"}


@pytest.mark.parametrize(
    "entry",
    [
        "http://ollama.lan",
        "ollama.lan:0",
        "ollama.lan:65536",
        "ollama.lan:port",
        "ollama.lan/24",
        "*.lan",
        "*",
        "a b",
        "-x.lan",
        "127.1",
        "0x7f000001",
        "2130706433",
        "10.0.0.1/8",
        "10.0.0.0/8:80",
        "10.0.0.0/33",
        "fd00::20:80:90:a:b:c:d:e:f",
        "[fd00::20",
        "169.254.169.254",
        "169.254.0.0/16",
        "fe80::/10",
        "::ffff:10.0.0.1",
        "::ffff:10.0.0.0/104",
        "0.0.0.0",
        "224.0.0.1",
    ],
)
def test_wrong_entries(entry: str) -> None:
    with pytest.raises(ValueError, match=r".+") as error:
        parse_allowed_hosts(["ok.lan", entry])

    assert str(error.value) == entry


@pytest.mark.parametrize("entry", ["fd00::20", "[fd00::20]", "[fd00::20]:11434", "fd00::/64"])
def test_ipv6_entries(entry: str) -> None:
    (allowed,) = parse_allowed_hosts([entry])
    address = ipaddress.ip_address("fd00::20")

    assert allowed.covers("fd00::20", 11434, address)
    assert allowed.covers("fd00::20", 80, address) is ("]:" not in entry)
    assert not allowed.covers("fd00::20", 11434, ipaddress.ip_address("fd01::20"))


@pytest.mark.parametrize(
    ("base_url", "entry"),
    [
        ("http://127.0.0.1:{port}", "127.0.0.1:{port}"),
        ("http://localhost:{port}/v1", "localhost:{port}"),
        ("http://[::1]:{port}/v1", "[::1]:{port}"),
        ("https://10.0.0.1/v1", "10.0.0.1:443"),
    ],
)
def test_the_page_says_who_can_allow_it_and_how(
    base_url: str, entry: str, owner_client: Client, canary: Canary, settings: Any
) -> None:
    values = {"provider": "openai_compatible", "key_name": "Mine", "key": KEY}
    base_url, entry = base_url.format(port=canary.port), entry.format(port=canary.port)

    page = owner_client.post(PAGE, {**values, "base_url": base_url}, follow=True).content.decode()

    sentence = f"The administrator can allow it by adding {entry} to PROVIDER_ALLOWED_HOSTS."
    assert sentence in page
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts([entry])
    assert guard.checked_url(base_url) == base_url
