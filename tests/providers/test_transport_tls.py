"""Certificates: the machine's authorities, the administrator's own, and no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from providers.contract import Adapter
from providers.errors import NetworkError
from tests.certificates import Authority
from tests.providers.conftest import collect, request_for, text_of
from tests.proxy import tls_front
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER

MakeAdapter = Callable[..., Adapter]
NAME = "models.lan"


async def ask(
    adapter_for: MakeAdapter, port: int, *, name: str = NAME, trusted: bool = False
) -> str:
    base_url = f"https://{name}:{port}/v1"
    adapter = adapter_for("openai_compatible", base_url=base_url, trusted=trusted)
    return text_of(await collect(adapter.stream(request_for("ok"))))


@pytest.fixture(autouse=True)
def _inside(settings: Any, names: dict[str, list[list[str]]]) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    names.update({name: [["127.0.0.1"]] for name in (NAME, f"{NAME}.", "other.lan", "127.0.0.1")})


@pytest.mark.parametrize("variable", ["PROVIDER_CA_FILE", "SSL_CERT_FILE"])
async def test_a_server_with_a_certificate_of_ones_own(
    variable: str,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    authority = Authority(tmp_path)
    async with tls_front(upstream.port, authority.server_context(NAME)) as port:
        with pytest.raises(NetworkError, match="CERTIFICATE_VERIFY_FAILED"):
            await ask(adapter_for, port)
        assert not upstream.requests

        if variable == "SSL_CERT_FILE":
            request.getfixturevalue("monkeypatch").setenv(variable, str(authority.path))
        else:
            request.getfixturevalue("settings").PROVIDER_CA_FILE = str(authority.path)
        # Clients are kept, with the certificates that they began with.
        assert await ask(adapter_for, port, name=f"{NAME}.") == ANSWER


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_certificate_of_another_name_is_refused(
    *,
    trusted: bool,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    settings: Any,
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    settings.PROVIDER_CA_FILE = str(authority.path)
    async with tls_front(upstream.port, authority.server_context(NAME)) as port:
        for name in ("127.0.0.1",) if trusted else ("127.0.0.1", "other.lan"):
            with pytest.raises(NetworkError, match="CERTIFICATE_VERIFY_FAILED"):
                await ask(adapter_for, port, name=name, trusted=trusted)

    assert not upstream.requests


async def test_another_authority_is_refused(
    adapter_for: MakeAdapter, upstream: Upstream, settings: Any, tmp_path: Path
) -> None:
    settings.PROVIDER_CA_FILE = str(Authority(tmp_path).path)
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    async with tls_front(upstream.port, other.server_context(NAME)) as port:
        with pytest.raises(NetworkError, match="CERTIFICATE_VERIFY_FAILED"):
            await ask(adapter_for, port)

    assert not upstream.requests
