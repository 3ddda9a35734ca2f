"""Hostile addresses and keys, entered on the keys page and called over the real transport."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from providers import keys
from providers.models import ApiKey
from tests.canary import Canary
from tests.providers.conftest import KEY
from tests.upstream import Upstream

PAGE = "/settings/providers/"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ENVIRONMENT = {}
    cache.clear()  # Of how many keys were tested.


class Redirecting:
    """A server that sends every request elsewhere."""

    def __init__(self, status: int, location: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.send_response(status)
                self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815 - the names that the base class calls

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def form(**values: str) -> dict[str, str]:
    return {"provider": "openai_compatible", "key_name": "Mine", "key": KEY, **values}


ADDRESSES = [
    "http://127.0.0.1:{port}",
    "http://127.0.0.1.:{port}",
    "http://localhost:{port}/v1",
    "http://LOCALHOST.:{port}",
    "http://127.1:{port}",
    "http://127.0.1:{port}",
    "http://2130706433:{port}",
    "http://0x7f000001:{port}",
    "http://0X7F.0.0.1:{port}",
    "http://0x7f.1:{port}",
    "http://0177.0.0.1:{port}",
    "http://00177.0.0.01:{port}",
    "http://017700000001:{port}",
    "http://127.0.0.1.0x0:{port}",
    "http://0:{port}",
    "http://0.0.0.0:{port}",
    "http://[::1]:{port}",
    "http://[0:0:0:0:0:0:0:1]:{port}",
    "http://[::]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://[::ffff:7f00:1]:{port}",
    "http://[::127.0.0.1]:{port}",
    "http://[64:ff9b::127.0.0.1]:{port}",
    "http://[2002:7f00:1::]:{port}",
    "http://[::1%25lo]:{port}",
    "http://[fe80::1%25lo]:{port}",
    "http://[::1%lo]:{port}",
    "http://[v1.::1]:{port}",
    "http://①②⑦.⓪.⓪.①:{port}",
    "http://127\uff0e0\uff0e0\uff0e1:{port}",
    "http://127。0。0。1:{port}",
    "http://\uff4cocalhost:{port}",
    "http://ⓛocalhost:{port}",
    "http://xn--localhost-.:{port}",
    "http://%6cocalhost:{port}",
    "http://127%2e0%2e0%2e1:{port}",
    "http://public.example@127.0.0.1:{port}",
    "http://public.example:80@127.0.0.1:{port}",
    "http://127.0.0.1:{port}@public.example",
    "http://public.example#@127.0.0.1:{port}",
    "http://127.0.0.1:{port}#.public.example",
    "http://127.0.0.1:{port}?.public.example",
    "http://127.0.0.1:{port}\\@public.example",
    "http://public.example\\@127.0.0.1:{port}",
    "http:\\\\127.0.0.1:{port}",
    "http:/127.0.0.1:{port}",
    "http:127.0.0.1:{port}",
    "http:///127.0.0.1:{port}",
    "//127.0.0.1:{port}",
    "http://127.0.0.1\t:{port}",
    "ht\ttp://127.0.0.1:{port}",
    "http://127.0.0.1\r\n:{port}",
    "http://127.0.0.1:{port}/\r\nX-Injected: yes",
    "http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: other",
    "http://127.0.0.1\0:{port}",
    "http://127.0.0.1:{port}\u2028",
    "http://127.0.0.1:+{port}",
    "http://127.0.0.1:{port}:80",
    "http://127.0.0.1, public.example:{port}",
    "file://127.0.0.1:{port}/etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    "unix://127.0.0.1:{port}",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic", "openrouter", "ollama"])
def test_no_way_of_writing_an_address_leads_inside(
    kind: str, address: str, owner_client: Client, canary: Canary
) -> None:
    """Where it is stored, because only the look-up can tell, the test that follows is refused."""
    base_url = address.format(port=canary.port)

    answer = owner_client.post(PAGE, form(provider=kind, base_url=base_url))

    if answer.status_code == 302:
        (key,) = ApiKey.objects.all()
        assert key.last_error
        assert owner_client.post(f"{PAGE}{key.pk}/test/").status_code in {200, 302}
    else:
        assert answer.status_code == 422
        assert not ApiKey.objects.exists()


@pytest.mark.parametrize("part", ["?token=x", "#fragment", "/v1?x=/../", "?@127.0.0.1"])
def test_queries_and_fragments_are_refused(part: str, owner_client: Client) -> None:
    """They would cut off or change the path that an adapter adds."""
    answer = owner_client.post(PAGE, form(base_url=f"https://public.example/v1{part}"))

    assert answer.status_code == 422
    assert "characters that it may not contain" in answer.content.decode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic", "openrouter", "ollama"])
def test_a_redirect_to_an_internal_host_is_not_followed(
    *, kind: str, status: int, owner_client: Client, canary: Canary, settings: Any
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    with Redirecting(status, f"http://127.0.0.1:{canary.port}/v1/models") as server:
        answer = owner_client.post(PAGE, form(provider=kind, base_url=server.url), follow=True)

    assert "This address may not be used." in answer.content.decode()


@pytest.mark.parametrize(
    "key",
    [
        "sk-first\r\nX-Injected: yes",
        "sk-first\nsk-second",
        "sk-first\rsk-second",
        "sk first",
        "sk\tfirst",
        "sk-first\0",
        "sk-fïrst",
        "sk-\u2028first",
        "\uff53\uff4b-first",
        "x" * 1001,
    ],
)
@pytest.mark.parametrize("kind", ["openai_compatible", "anthropic", "openrouter", "ollama"])
def test_keys_that_would_break_out_of_their_header(
    kind: str, key: str, owner_client: Client, upstream: Upstream, settings: Any
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True

    answer = owner_client.post(PAGE, form(provider=kind, key=key, base_url=f"{upstream.url}/v1"))

    assert answer.status_code == 422
    assert not upstream.requests
    assert not ApiKey.objects.exists()


def test_white_space_around_a_key_is_left_out(
    owner_client: Client, upstream: Upstream, settings: Any
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True

    owner_client.post(PAGE, form(key=f"\r\n  {KEY}\t\n", base_url=f" {upstream.url}/v1/ \n"))

    assert {entry["headers"]["authorization"] for entry in upstream.requests} == {f"Bearer {KEY}"}
    assert {entry["path"] for entry in upstream.requests} == {"/v1/models"}


@pytest.mark.parametrize(
    ("base_url", "same"),
    [
        ("https://public.example:443/v1", True),
        ("https://PUBLIC.example/other", True),
        ("https://public.example./v1", True),
        ("https://public.example:8443/v1", False),
        ("http://public.example/v1", False),
        ("http://public.example:443/v1", False),
        ("https://public.example.evil.example/v1", False),
        ("https://sub.public.example/v1", False),
        ("https://public.exampie/v1", False),
        ("https://xn--pblic-kva.example/v1", False),
    ],
)
def test_a_stored_key_goes_to_its_host_and_port_only(
    *,
    base_url: str,
    same: bool,
    owner: User,
    owner_client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_up: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    key = keys.add_key(
        user=owner,
        provider="openai_compatible",
        key_name="Mine",
        key=KEY,
        base_url="https://public.example/v1",
    )
    values = {"key_name": "Mine", "base_url": base_url, "is_active": "on"}

    answer = owner_client.post(f"{PAGE}{key.pk}/", values)

    key.refresh_from_db()
    assert answer.status_code == (302 if same else 422)
    assert key.base_url == (base_url if same else "https://public.example/v1")
    assert looked_up or not same
    if not same:
        assert "enter the key again" in answer.content.decode()
        assert not looked_up
