"""Proxies of the environment: used, and no way round the guard."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from providers import registry
from providers.allowed_hosts import parse_allowed_hosts
from providers.contract import Adapter
from providers.errors import AddressRefusedError, NetworkError
from providers.proxies import proxy_for
from providers.types import Connection
from tests.canary import Canary
from tests.certificates import Authority
from tests.providers.conftest import KEY, collect, request_for, text_of
from tests.proxy import running_proxy, tls_front
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

MakeAdapter = Callable[..., Adapter]
Names = dict[str, list[list[str]]]
PUBLIC, PUBLIC_V6 = "93.184.215.14", "2606:4700::6810:84e5"
NAME = "vllm.example"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets variables of the environment, given in lower case."""

    def set_all(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name.upper(), value)

    return set_all


@pytest.fixture
def authority(tmp_path: Path, settings: Any) -> Authority:
    """Trusted by the site."""
    found = Authority(tmp_path)
    settings.PROVIDER_CA_FILE = str(found.path)
    return found


@pytest.mark.parametrize("addresses", [[PUBLIC], [PUBLIC_V6, PUBLIC]])
async def test_a_users_tls_server_is_asked_for_by_the_address_that_was_vetted(
    *,
    addresses: list[str],
    adapter_for: MakeAdapter,
    authority: Authority,
    upstream: Upstream,
    names: Names,
    use: Callable[..., None],
) -> None:
    names[NAME] = [addresses, ["127.0.0.1"]]
    context = authority.server_context(NAME)
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    adapter = adapter_for("openai_compatible", base_url=f"https://{NAME}/v1", trusted=False)
    async with tls_front(upstream.port, context) as port, running_proxy(port) as proxy:
        use(https_proxy=proxy.url)

        assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER

    assert proxy.asked_for == [f"CONNECT {PUBLIC}:443"]
    assert NAME not in proxy.heads[0]
    assert KEY not in proxy.heads[0]
    assert asked_for == [NAME]
    assert [entry["headers"]["host"] for entry in upstream.requests] == [NAME]


async def test_over_plain_http_the_proxy_learns_no_name(
    adapter_for: MakeAdapter, upstream: Upstream, names: Names, use: Callable[..., None]
) -> None:
    names[NAME] = [[PUBLIC]]
    adapter = adapter_for("openai_compatible", base_url=f"http://{NAME}:8000/v1", trusted=False)
    async with running_proxy(upstream.port) as proxy:
        use(http_proxy=proxy.url)

        assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER

    assert proxy.asked_for == [f"POST http://{PUBLIC}:8000/v1/chat/completions"]
    assert NAME not in proxy.heads[0]
    assert f"host: {PUBLIC}:8000\r\n" in proxy.heads[0].lower()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "inside.example", "half.example"]
)
async def test_what_is_private_is_refused_with_a_proxy_as_well(
    *,
    scheme: str,
    variable: str,
    host: str,
    adapter_for: MakeAdapter,
    canary: Canary,
    names: Names,
    use: Callable[..., None],
) -> None:
    names |= {each: [[each.strip("[]")]] for each in (host, host.strip("[]"))}
    names |= {"inside.example": [["10.0.0.1"]], "half.example": [[PUBLIC, "10.0.0.1"]]}
    use(**{variable: f"http://127.0.0.1:{canary.port}"})
    adapter = adapter_for("anthropic", base_url=f"{scheme}://{host}", trusted=False)

    with pytest.raises(AddressRefusedError):
        await collect(adapter.stream(request_for("ok")))


@pytest.mark.parametrize(
    ("kind", "host"), [("openai", "api.openai.com"), ("anthropic", "api.anthropic.com")]
)
@pytest.mark.parametrize("base_url", ["", "same"])
async def test_a_providers_own_host_is_named_to_the_proxy(
    *,
    kind: str,
    host: str,
    base_url: str,
    upstream: Upstream,
    names: Names,
    use: Callable[..., None],
) -> None:
    """The site may be unable to look it up; nobody but the adapter chose it."""
    base_url = base_url and f"https://{host}/v1"
    adapter = registry.make_adapter(kind, Connection("mine", api_key=KEY, base_url=base_url))
    refusal = b"HTTP/1.1 403 Not for you\r\nContent-Length: 0\r\n\r\n"
    async with running_proxy(upstream.port, refusal=refusal) as proxy:
        use(https_proxy=proxy.url.replace("//", "//someone:secret@"))

        with pytest.raises(NetworkError, match="The proxy did not connect: 403") as error:
            await adapter.list_models()

    assert proxy.asked_for == [f"CONNECT {host}:443"]
    login = base64.b64encode(b"someone:secret").decode()
    assert f"Proxy-Authorization: Basic {login}\r\n" in proxy.heads[0]
    assert "secret" not in error.value.detail
    assert KEY not in proxy.heads[0]


@pytest.mark.parametrize(
    "base_url", ["https://api.openai.com:8443/v1", "https://api.openai.com.evil.example/v1"]
)
async def test_a_host_that_looks_like_a_providers_own_is_vetted(
    base_url: str,
    adapter_for: MakeAdapter,
    canary: Canary,
    names: Names,
    use: Callable[..., None],
) -> None:
    names |= {host: [["10.0.0.1"]] for host in ("api.openai.com", "api.openai.com.evil.example")}
    use(https_proxy=f"http://127.0.0.1:{canary.port}")

    with pytest.raises(AddressRefusedError):
        await adapter_for("openai", base_url=base_url, trusted=False).list_models()


async def test_addresses_of_the_environment_are_named_to_the_proxy(
    adapter_for: MakeAdapter, upstream: Upstream, use: Callable[..., None]
) -> None:
    adapter = adapter_for("openai_compatible", base_url="http://models.corp:8000/v1")
    async with running_proxy(upstream.port) as proxy:
        use(all_proxy=proxy.url)

        assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER

    assert proxy.asked_for == ["POST http://models.corp:8000/v1/chat/completions"]


@pytest.mark.parametrize("trusted", [True, False])
async def test_this_machine_is_never_asked_for_through_a_proxy(
    *,
    trusted: bool,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    canary: Canary,
    settings: Any,
    use: Callable[..., None],
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    use(http_proxy=f"http://127.0.0.1:{canary.port}", all_proxy=f"127.0.0.1:{canary.port}")

    adapter = adapter_for("openai_compatible", trusted=trusted)

    assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER


@pytest.mark.parametrize("no_proxy", ["", "127.0.0.0/8", "ollama.lan"])
async def test_an_allowed_name_that_leads_to_this_machine_is_called_directly(
    *,
    no_proxy: str,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    canary: Canary,
    names: Names,
    settings: Any,
    use: Callable[..., None],
) -> None:
    """For the proxy its own loopback would be meant."""
    settings.PROVIDER_ALLOWED_HOSTS = parse_allowed_hosts([f"ollama.lan:{upstream.port}"])
    names["ollama.lan"] = [["127.0.0.1"]]
    use(http_proxy=f"http://127.0.0.1:{canary.port}", no_proxy=no_proxy)
    base_url = f"http://ollama.lan:{upstream.port}/v1"

    adapter = adapter_for("openai_compatible", base_url=base_url, trusted=False)

    assert text_of(await collect(adapter.stream(request_for("ok")))) == ANSWER


async def test_ipv6_alone_does_not_go_to_a_proxy(
    adapter_for: MakeAdapter, canary: Canary, names: Names, use: Callable[..., None]
) -> None:
    names[NAME] = [[PUBLIC_V6]]
    use(https_proxy=f"http://127.0.0.1:{canary.port}")

    with pytest.raises(NetworkError, match="IPv4"):
        await adapter_for("openai", base_url=f"https://{NAME}/v1", trusted=False).list_models()


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("", False),
        ("*", True),
        ("corp.example", True),
        (".corp.example", True),
        ("*.corp.example", True),
        ("CORP.example", True),
        ("orp.example", False),
        ("other, models.corp.example ", True),
        ("models.corp.example:443", True),
        ("models.corp.example:80", False),
        ("10.0.0.0/8", True),
        ("10.1.2.3", True),
        ("10.1.2.3:443", True),
        ("10.1.2.4", False),
        ("[::1]", False),
        ("nonsense/99", False),
    ],
)
@pytest.mark.parametrize("upper", [True, False])
def test_no_proxy(
    *, no_proxy: str, direct: bool, upper: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("https_proxy", "proxy.lan:3128"), ("no_proxy", no_proxy)):
        monkeypatch.setenv(name.upper() if upper else name, value)

    found = proxy_for("https", ["models.corp.example", "10.1.2.3"], 443)

    assert found == ("" if direct else "http://proxy.lan:3128")
    assert not proxy_for("http", ["models.corp.example"], 80)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "a.localhost", "127.1.2.3", "::1"])
def test_loopback_is_direct(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.lan:3128")

    assert proxy_for("http", [host], 80) == ""
    assert proxy_for("http", ["other.example", host], 80) == ""
