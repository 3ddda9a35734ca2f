"""Models that an Ollama server fetches: begun, followed, given up; and who may do it."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django import db
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import connections, discovered, downloads, keys
from providers.connections import Source
from providers.models import ApiKey, ModelDownload, ModelList
from tests.conftest import make_user
from tests.ollama_upstream import OllamaUpstream
from tests.providers.conftest import KEY

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.OLLAMA_DOWNLOADS = "everyone"
    monkeypatch.setattr(downloads, "WRITE_INTERVAL", 0.02)
    discovered.forget_copy()


@pytest.fixture
def key(transactional_db: None, owner: User, ollama: OllamaUpstream) -> ApiKey:
    """The owner's connection."""
    return keys.add_key(
        user=owner, provider="ollama", key_name="Attic", key="", base_url=ollama.url
    )


@pytest.fixture
def source(key: ApiKey) -> Source:
    """The owner's connection."""
    return connections.source_of_key(key)


@pytest.fixture
def admin_client(transactional_db: None) -> Client:
    """A browser signed in as the administrator."""
    client = Client()
    client.force_login(make_user("ada", is_superuser=True, is_staff=True))
    return client


def patiently(call: Callable[[], T]) -> T:
    """SQLite in memory refuses, rather than waits, while another thread writes to a table."""
    end = time.monotonic() + 10
    while True:
        try:
            return call()
        except OperationalError:
            assert time.monotonic() < end
            time.sleep(0.005)


def only() -> ModelDownload:
    return patiently(ModelDownload.objects.get)


def begin(source: Source, model: str) -> ModelDownload:
    return patiently(lambda: downloads.start_download(source=source, model=model))


def give_up() -> None:
    patiently(lambda: downloads.cancel_download(download=only()))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def ended() -> ModelDownload:
    until(lambda: not only().is_running)
    return only()


def test_the_model_is_there_afterwards(source: Source, key: ApiKey) -> None:
    begin(source, " llama3.2:1b ")
    download = ended()

    assert (download.model, download.step, download.error) == ("llama3.2:1b", "success", "")
    assert (download.completed, download.total) == (5_000, 5_000)
    offered = ModelList.objects.get(api_key=key).offered
    assert "llama3.2:1b" in [model["id"] for model in offered], "before it counts as done"


def test_progress_can_be_followed(source: Source, ollama: OllamaUpstream) -> None:
    begin(source, "slow")
    until(lambda: only().completed > 1_000)

    assert only().is_running
    assert only().step == "pulling aa"
    assert only().total == 4_000
    give_up()
    until(lambda: ollama.timeline[1]["end"] == "closed by client")


def test_a_silent_server_does_not_keep_what_was_given_up(
    source: Source, ollama: OllamaUpstream
) -> None:
    begin(source, "hang")
    until(lambda: only().completed == 1_000)
    give_up()

    until(lambda: ollama.timeline[1]["end"] == "closed by client")
    assert not ModelDownload.objects.exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("fails", "pull model manifest: file does not exist"),
        ("cut", "cut off"),
        ("malformed", "could not be read"),
    ],
)
def test_failures_are_told_in_the_servers_words(model: str, words: str, source: Source) -> None:
    begin(source, model)

    assert words in ended().error


def test_a_server_that_is_gone(key: ApiKey) -> None:
    ApiKey.objects.update(base_url="http://127.0.0.1:10")
    key.refresh_from_db()
    begin(connections.source_of_key(key), "llama3.2")

    assert "could not be reached" in ended().error


def test_a_defect_is_no_endless_download(
    source: Source, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("Something else.")

    monkeypatch.setattr(downloads, "_fetch", broken)
    begin(source, "llama3.2")

    assert "failed" in ended().error
    assert "could not be downloaded" in caplog.text


def test_another_try_replaces_the_failed_one(source: Source, ollama: OllamaUpstream) -> None:
    begin(source, "fails")
    ended()
    begin(source, "fails")
    ended()

    assert len(ollama.asked("/api/pull")) == 2


def test_one_that_is_under_way_is_not_begun_twice(source: Source, ollama: OllamaUpstream) -> None:
    first = begin(source, "slow")
    until(lambda: only().completed > 1_000)
    second = begin(source, "slow")

    assert first.pk == second.pk
    give_up()
    until(lambda: ollama.timeline[1]["end"] == "closed by client")
    assert len(ollama.asked("/api/pull")) == 1


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "../x", "-x", "x" * 201, "a\nb", "a;b", "ü", "https://x/y/z"]
)
def test_odd_names_are_refused(name: str, source: Source, ollama: OllamaUpstream) -> None:
    with pytest.raises(ValidationError):
        downloads.start_download(source=source, model=name)
    assert ollama.requests == []


@pytest.mark.parametrize(
    "name", ["10.0.0.5:8443/x/y", "localhost/x/y:z", "hf.co:444/x/y", "evil.example/a/b/c", "a/b/c"]
)
def test_a_persons_own_server_is_sent_to_no_other_host(
    name: str, source: Source, ollama: OllamaUpstream
) -> None:
    with pytest.raises(ValidationError, match=r"these hosts only: hf\.co"):
        downloads.start_download(source=source, model=name)
    assert ollama.requests == []


@pytest.mark.parametrize("name", ["llama3.2", "someone/model:7b", "hf.co/x/y:Q4", "HF.co/x/y"])
def test_known_registries_are_for_everybody(name: str, source: Source) -> None:
    begin(source, name)
    assert ended().error == ""


def test_an_administrator_sends_the_sites_server_anywhere(
    key: ApiKey, ollama: OllamaUpstream
) -> None:
    shared = keys.add_key(
        user=None, provider="ollama", key_name="Ours", key="", base_url=ollama.url
    )
    begin(connections.source_of_key(shared), "models.example/x/y")
    assert ended().error == ""


def test_a_bounded_number_at_once(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "_start", lambda *_: None)
    for number in range(downloads.MAX_RUNNING):
        downloads.start_download(source=source, model=f"model-{number}")

    with pytest.raises(ValidationError, match="Too many"):
        downloads.start_download(source=source, model="another")


def test_a_bounded_number_on_the_whole_site(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MAX_RUNNING_IN_ALL", 1)
    ModelDownload.objects.create(environment="ollama", model="elsewhere")

    with pytest.raises(ValidationError, match="Too many"):
        downloads.start_download(source=source, model="another")


@pytest.mark.parametrize("number", [1, 5])
def test_pages_that_begin_at_the_same_moment(
    number: int, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same model begins once, of many models no more than are allowed."""
    begun: list[str] = []
    together = threading.Barrier(6)
    monkeypatch.setattr(downloads, "_start", lambda _pk, _source, model: begun.append(model))
    create = ModelDownload.objects.create

    def slowly(**values: Any) -> ModelDownload:
        time.sleep(0.05)
        return create(**values)

    monkeypatch.setattr(ModelDownload.objects, "create", slowly)

    def press(model: str) -> None:
        together.wait(10)
        try:
            with suppress(ValidationError):
                begin(source, model)
        finally:
            db.connections.close_all()

    pages = [threading.Thread(target=press, args=(f"m{n % number}",)) for n in range(6)]
    for page in pages:
        page.start()
    for page in pages:
        page.join(20)

    assert len(begun) == len(set(begun)) == min(number, downloads.MAX_RUNNING)


def test_a_connection_that_is_off_begins_none(
    source: Source, key: ApiKey, owner_client: Client, ollama: OllamaUpstream
) -> None:
    keys.set_active(key=key, is_active=False)

    with pytest.raises(ValidationError, match="Switch the connection on"):
        begin(source, "llama3.2")
    answer = owner_client.post(f"/settings/providers/{key.pk}/downloads/", {"model": "llama3.2"})
    assert answer.status_code == 422
    assert "Switch the connection on" in answer.content.decode()
    assert ollama.requests == []


def test_what_fell_silent_counts_as_interrupted(source: Source) -> None:
    long_ago = timezone.now() - downloads.SILENT_AFTER - timedelta(seconds=1)
    place = {"api_key": source.key}
    ModelDownload.objects.create(model="old", updated_at=long_ago, **place)
    ModelDownload.objects.create(model="new", **place)

    found = {download.model: download for download in downloads.downloads_of(source)}
    assert not found["old"].is_running
    assert "interrupted" in found["old"].error
    assert found["new"].is_running


def test_a_start_interrupts_what_the_last_process_left(source: Source) -> None:
    ModelDownload.objects.create(model="new", api_key=source.key)
    downloads.interrupt_orphans(silent_for=timedelta(0))

    assert not only().is_running


def test_the_page(owner_client: Client, key: ApiKey, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(downloads, "_start", lambda _pk, _source, model: begun.append(model))
    address = f"/settings/providers/{key.pk}/downloads/"
    assert "Nothing has been downloaded" in owner_client.get(address).content.decode()

    answer = owner_client.post(address, {"model": "llama3.2"})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert begun == ["llama3.2"]
    ModelDownload.objects.update(step="pulling aa", completed=1_000_000, total=4_000_000)

    page = owner_client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert 'max="4000000" value="1000000"' in page
    part = owner_client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="downloads"')

    answer = owner_client.post(f"/settings/providers/downloads/{only().pk}/cancel/")
    assert answer.headers["Location"] == address
    assert not ModelDownload.objects.exists()
    page = owner_client.get(address).content.decode()
    assert "hx-trigger" not in page, "nothing is under way: nothing to ask for"


def test_the_page_tells_what_went_wrong(owner_client: Client, key: ApiKey) -> None:
    address = f"/settings/providers/{key.pk}/downloads/"
    refused = owner_client.post(address, {"model": "<script>alert(1)</script>"})
    assert refused.status_code == 422
    assert "<script>alert" not in refused.content.decode()
    assert "Enter the name of a model" in refused.content.decode()

    ModelDownload.objects.create(api_key=key, model="x", error="No such file.", is_running=False)
    page = owner_client.get(address).content.decode()
    assert "No such file." in page
    assert "hx-trigger" not in page


def test_words_of_the_server_are_no_markup(owner_client: Client, key: ApiKey) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    ModelDownload.objects.create(api_key=key, model=hostile, step=hostile, total=5)
    ModelDownload.objects.create(api_key=key, model="x", error=hostile, is_running=False)

    assert (
        "<img" not in owner_client.get(f"/settings/providers/{key.pk}/downloads/").content.decode()
    )


def test_somebody_elses_do_not_exist(
    stranger_client: Client, admin_client: Client, key: ApiKey
) -> None:
    download = ModelDownload.objects.create(api_key=key, model="x")
    for client in (stranger_client, admin_client):
        for address in (
            f"/settings/providers/{key.pk}/downloads/",
            f"/settings/providers/downloads/{download.pk}/cancel/",
        ):
            assert client.post(address, {"model": "llama3.2"}).status_code == 404
        assert client.get(f"/settings/providers/{key.pk}/downloads/").status_code == 404

    assert only() == download


def test_only_administrators_download_unless_others_may(
    owner: User, owner_client: Client, key: ApiKey, ollama: OllamaUpstream, settings: Any
) -> None:
    settings.OLLAMA_DOWNLOADS = "administrators"
    address = f"/settings/providers/{key.pk}/downloads/"
    download = ModelDownload.objects.create(api_key=key, model="x")

    assert address not in owner_client.get("/settings/providers/").content.decode()
    assert owner_client.get(address).status_code == 404
    assert owner_client.post(address, {"model": "llama3.2"}).status_code == 404
    cancel = f"/settings/providers/downloads/{download.pk}/cancel/"
    assert owner_client.post(cancel).status_code == 404
    assert ollama.requests == []

    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    assert address in owner_client.get("/settings/providers/").content.decode()
    assert owner_client.get(address).status_code == 200
    owner_client.post(cancel)
    owner_client.post(address, {"model": "llama3.2"})
    assert ended().error == ""


def test_servers_of_the_site_are_the_administrators(
    owner_client: Client, admin_client: Client, ollama: OllamaUpstream, settings: Any
) -> None:
    shared = keys.add_key(user=None, provider="ollama", key_name="All", key="", base_url=ollama.url)
    settings.PROVIDER_ENVIRONMENT = {"ollama": {"api_key": "", "base_url": ollama.url}}
    fixed = "/settings/providers/environment/ollama/downloads/"
    for address in (f"/settings/providers/{shared.pk}/downloads/", fixed):
        assert owner_client.get(address).status_code == 404
        assert owner_client.post(address, {"model": "llama3.2"}).status_code == 404
        assert admin_client.get(address).status_code == 200
    assert not ModelDownload.objects.exists()

    admin_client.post(fixed, {"model": "fails"})
    download = ended()
    assert (download.api_key, download.environment) == (None, "ollama")
    cancel = f"/settings/providers/downloads/{download.pk}/cancel/"
    assert owner_client.post(cancel).status_code == 404
    assert admin_client.post(cancel).headers["Location"] == fixed
    assert not ModelDownload.objects.exists()


def test_a_server_that_was_found_is_the_administrators(
    owner_client: Client, admin_client: Client, settings: Any
) -> None:
    address = "/settings/providers/environment/ollama/downloads/"
    assert admin_client.get(address).status_code == 404, "none was found"

    settings.OLLAMA_DISCOVERY = True
    ModelList.objects.create(environment="ollama", fetched_at=timezone.now())
    discovered.forget_copy()
    assert owner_client.get(address).status_code == 404
    assert admin_client.get(address).status_code == 200
    discovered.forget_copy()


def test_the_keys_page_leads_there(
    owner_client: Client, stranger_client: Client, admin_client: Client, key: ApiKey, settings: Any
) -> None:
    settings.PROVIDER_ENVIRONMENT = {"ollama": {"api_key": "", "base_url": key.base_url}}
    own, fixed = f"/{key.pk}/downloads/", "/environment/ollama/downloads/"

    def led(client: Client) -> tuple[bool, bool]:
        page = client.get("/settings/providers/").content.decode()
        return own in page, fixed in page

    assert led(owner_client) == (True, False)
    assert led(stranger_client) == (False, False)
    assert led(admin_client) == (False, True)


def test_other_providers_download_nothing(owner: User, owner_client: Client) -> None:
    key = keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)

    assert owner_client.get(f"/settings/providers/{key.pk}/downloads/").status_code == 404


def test_a_visitor_is_asked_to_sign_in(key: ApiKey) -> None:
    assert Client().get(f"/settings/providers/{key.pk}/downloads/").status_code == 302
