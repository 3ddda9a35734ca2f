"""Addresses that users set: nothing inside the site's own network is ever reached."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest

from providers import guard, guarded_transport, registry
from providers.allowed_hosts import parse_allowed_hosts
from providers.contract import Adapter
from providers.errors import AddressRefusedError, ProviderError
from providers.types import Connection
from tests.canary import Canary
from tests.providers.conftest import KEY, collect, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

MakeAdapter = Callable[..., Adapter]
PUBLIC = "93.184.215.14"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ],
)
@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic"])
async def test_loopback_in_every_form(
    kind: str, host: str, adapter_for: MakeAdapter, canary: Canary
) -> None:
    adapter = adapter_for(kind, base_url=f"http://{host}:{canary.port}", trusted=False)

    with pytest.raises(ProviderError):
        await collect(adapter.stream(request_for("ok")))
    with pytest.raises(ProviderError):
        await adapter.list_models()


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert guard.is_refused(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::6810:84e5"])
def test_public_addresses(address: str) -> None:
    assert not guard.is_refused(ipaddress.ip_address(address))


def test_an_administrator_may_allow_private_ones_but_not_metadata(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True

    assert not guard.is_refused(ipaddress.ip_address("192.168.1.1"))
    assert not guard.is_refused(ipaddress.ip_address("127.0.0.1"))
    assert not guard.is_refused(ipaddress.ip_address("::1"))
    for address in (
        "0.0.0.0",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "192.0.0.192",
        "2002:a9fe:a9fe::1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "::169.254.169.254",
        "::ffff:0:169.254.169.254",
        "::ffff:169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
    ):
        assert guard.is_refused(ipaddress.ip_address(address)), address


PORTS = [22, 25, 53, 143, 587, 993, 6000, 6667, 10080]


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("allow_private", [False, True])
async def test_ports_of_services_that_speak_no_http(
    *, port: int, allow_private: bool, names: dict[str, list[list[str]]], settings: Any
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = allow_private
    # An entry without the port is not about it.
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts(["mail.example", "other.example:80"])
    names["mail.example"] = [[PUBLIC]]

    for host in ("mail.example", PUBLIC):
        with pytest.raises(AddressRefusedError, match=f"Port {port} "):
            guard.checked_url(f"http://{host}:{port}")
    with pytest.raises(AddressRefusedError, match=f"Port {port} "):
        await guard.vetted_addresses("mail.example", port)


async def test_an_administrator_may_name_such_a_port(
    names: dict[str, list[list[str]]], settings: Any
) -> None:
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts(["model.example:6000", "10.0.0.5:6000"])
    names.update({"model.example": [[PUBLIC]], "other.example": [[PUBLIC]]})

    for host in ("model.example", "10.0.0.5"):
        assert guard.checked_url(f"http://{host}:6000") == f"http://{host}:6000"
    assert await guard.vetted_addresses("model.example", 6000) == [PUBLIC]
    with pytest.raises(AddressRefusedError, match="Port 6000 "):
        await guard.vetted_addresses("other.example", 6000)
    with pytest.raises(AddressRefusedError, match="Port 6000 "):
        guard.checked_url(f"http://{PUBLIC}:6000")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///x",
        "http://user@example.com",
        "http://user:password@example.com",
        "http://good.com@127.0.0.1",
        "http://good.com\\@127.0.0.1",
        "http://good.com\\.evil.com",
        "http://good.com\t.evil.com",
        "http://good.com\r\nHost: evil.com",
        "http://good.com\x00",
        "http://good .com",
        "http://good.com#@evil.com",
        "http://good.com?x=y",
        "http://good.com:99999",
        "http://good.com:0",
        "http://good.com:x",
        "http://[::1",
        "http://gööd.com",
        "http://ⓛocalhost",
        "http://-x.com",
        "http://127.1",
        "http://0177.0.0.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://0x7f.1",
        "http://127.0.0.1.",
        "http://10.0.0.1:8000/v1",
        "http://[::1]",
        "http://%31%32%37.0.0.1",
        "http://" + "x" * 600,
    ],
)
def test_urls_that_are_not_plain(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        guard.checked_url(url)


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://example.com:8080", "http://[2606:4700::1]/v1/"]
)
def test_plain_urls(url: str) -> None:
    assert guard.checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize("answer", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_names_that_point_inside(
    answer: list[str],
    adapter_for: MakeAdapter,
    canary: Canary,
    names: dict[str, list[list[str]]],
) -> None:
    names["evil.example"] = [answer]
    adapter = adapter_for(
        "openai_compatible", base_url=f"http://evil.example:{canary.port}", trusted=False
    )

    with pytest.raises(AddressRefusedError):
        await collect(adapter.stream(request_for("ok")))


async def test_a_name_that_resolves_differently_the_second_time(
    adapter_for: MakeAdapter,
    upstream: Upstream,
    names: dict[str, list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The address that was looked at is the one that is called, under the name's own Host."""
    names["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    monkeypatch.setattr(guard, "is_refused", lambda address: str(address) != "127.0.0.1")
    adapter = adapter_for(
        "openai_compatible",
        base_url=f"http://rebinding.example:{upstream.port}/v1",
        trusted=False,
    )

    for _ in range(2):
        assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER
    hosts = [entry["headers"]["host"] for entry in upstream.requests]
    assert hosts == [f"rebinding.example:{upstream.port}"] * 2


async def test_an_expired_pin_is_vetted_anew(
    adapter_for: MakeAdapter,
    upstream: Upstream,
    names: dict[str, list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_transport, "PINNED_FOR", -1.0)
    monkeypatch.setattr(guard, "is_refused", lambda address: str(address) != "127.0.0.1")
    names["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    base_url = f"http://rebinding.example:{upstream.port}/v1"
    adapter = adapter_for("openai_compatible", base_url=base_url, trusted=False)
    await collect(adapter.stream(request_for("ok")))

    with pytest.raises(AddressRefusedError):
        await collect(adapter.stream(request_for("ok")))


@pytest.mark.parametrize(
    ("kind", "host"), [("openai", "api.openai.com"), ("anthropic", "api.anthropic.com")]
)
async def test_a_users_key_goes_to_the_provider_not_to_the_environments_address(
    kind: str,
    host: str,
    upstream: Upstream,
    names: dict[str, list[list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "is_refused", lambda address: str(address) != "127.0.0.1")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{upstream.port}/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{upstream.port}")
    names["127.0.0.1"], names[host] = [["127.0.0.1"]], [["127.0.0.2"]]
    adapter = registry.make_adapter(kind, Connection("mine", api_key=KEY))

    with pytest.raises(AddressRefusedError, match=host):
        await adapter.list_models()
    assert not upstream.requests


async def test_redirects_lead_nowhere(
    adapter_for: MakeAdapter, upstream: Upstream, settings: Any
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    adapter = adapter_for("openai_compatible", trusted=False)

    with pytest.raises(AddressRefusedError, match="302"):
        await collect(adapter.stream(request_for("redirect")))

    assert [entry["path"] for entry in upstream.requests] == ["/v1/chat/completions"]
