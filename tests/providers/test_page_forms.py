"""The forms of the keys page: what each kind of provider needs, and who may use what is added."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import discovered, guard, keys, presets, registry
from providers.adapters.openai import OpenAIAdapter
from providers.models import ApiKey, ModelList
from providers.options import Option
from tests.conftest import make_user
from tests.markup import Element, parse
from tests.upstream import Upstream

PAGE = "/settings/providers/"
SECRET = "sk-planted-9876543210-wxyz"
OPTIONS = (
    Option("region", "Region", "choice", choices=(("eu", "Europe"), ("us", "America"))),
    Option("retries", "Retries", "integer", minimum=0, maximum=5),
    Option("store", "Store", "boolean"),
)


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    cache.clear()


@pytest.fixture
def admin(db: None) -> User:
    return make_user("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def admin_client(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def groups(db: None) -> list[Group]:
    return [Group.objects.create(name=name) for name in ("Staff", "Research")]


def fields(page: str) -> dict[str, Element]:
    """The form's fields by name, without those for machines."""
    found = parse(page).all(lambda e: e.tag in ("input", "select", "textarea"))
    return {e.attributes["name"]: e for e in found if "name" in e.attributes}


def names(client: Client, choice: str) -> set[str]:
    page = client.get(f"{PAGE}add/{choice}/").content.decode()
    return set(fields(page)) - {"csrfmiddlewaretoken", "provider"}


def form(upstream: Upstream, **values: Any) -> dict[str, Any]:
    given = {"provider": "openai", "key_name": "Mine", "key": SECRET, "audience": "me"}
    return given | {"base_url": upstream.url + "/v1"} | values


def test_every_kind_can_be_chosen(owner_client: Client) -> None:
    page = owner_client.get(PAGE).content.decode()
    for kind in keys.addable_kinds():
        assert f'href="{PAGE}add/{kind}/"' in page
        assert {"key_name", "key", "base_url"} <= names(owner_client, kind)
    assert f"{PAGE}add/demo/" not in page
    for wrong in ("demo", "nonsense", "openai-compatible"):
        assert owner_client.get(f"{PAGE}add/{wrong}/").status_code == 404


def test_what_a_kind_does_not_need_is_out_of_the_way(owner_client: Client) -> None:
    def extra(choice: str) -> set[str]:
        page = parse(owner_client.get(f"{PAGE}add/{choice}/").content.decode())
        [details] = page.by_class("more")
        return {e.attributes["name"] for e in details.all(lambda e: "name" in e.attributes)}

    assert "base_url" in extra("openai")
    assert "key" not in extra("openai")
    assert not {"key", "base_url"} & extra("openai_compatible")
    assert "key" in extra("ollama")
    assert "base_url" not in extra("ollama")


@pytest.mark.parametrize("preset", [*presets.HOSTED, *presets.LOCAL], ids=lambda p: p.slug)
def test_presets_fill_name_and_address(preset: presets.Preset, owner_client: Client) -> None:
    page = owner_client.get(PAGE).content.decode()
    assert f'href="{PAGE}add/{preset.slug}/"' in page
    found = fields(owner_client.get(f"{PAGE}add/{preset.slug}/").content.decode())
    assert found["key_name"].attributes["value"] == preset.name
    assert found["base_url"].attributes["value"] == preset.base_url
    assert found["provider"].attributes["value"] == "openai_compatible"


def test_presets_are_addresses_that_can_be_used() -> None:
    slugs = [preset.slug for preset in (*presets.HOSTED, *presets.LOCAL)]
    assert len(set(slugs)) == len(slugs)
    assert not set(slugs) & set(registry.kinds())
    for preset in (*presets.HOSTED, *presets.LOCAL):
        assert guard.checked_url(preset.base_url) == preset.base_url
        is_local = guard.host_of(preset.base_url)[1] == "localhost"
        assert is_local is (preset in presets.LOCAL)
        assert preset.base_url.startswith("https://") is not is_local


def key_pages(client: Client, path: str) -> list[str]:
    """Where the form sends people for a key; the links are checked."""
    found = parse(client.get(PAGE + path).text).all(lambda e: e.text.startswith("Get a key"))
    links = [each.attributes for each in found if each.tag == "a"]
    assert all(link["rel"] == "noopener noreferrer" for link in links)
    assert all(link["target"] == "_blank" for link in links)
    return [str(link["href"]) for link in links]


def test_the_form_says_where_to_get_a_key(owner: User, owner_client: Client) -> None:
    for kind in ("anthropic", "openai", "openrouter", "ollama"):
        assert key_pages(owner_client, f"add/{kind}/") == [registry.adapter_class(kind).key_page]
    for preset in presets.HOSTED:
        assert key_pages(owner_client, f"add/{preset.slug}/") == [preset.key_page]
        assert preset.key_page.startswith("https://")
    for unknown in ("openai_compatible", "vllm"):
        assert key_pages(owner_client, f"add/{unknown}/") == []


def test_a_stored_key_is_renewed_where_its_address_says(owner: User, owner_client: Client) -> None:
    def page_of(provider: str, base_url: str) -> list[str]:
        ApiKey.objects.all().delete()
        values = {"provider": provider, "key_name": "Mine", "slug": "mine", "base_url": base_url}
        row = ApiKey.objects.create(user=owner, encrypted_key=SECRET, **values)
        return key_pages(owner_client, f"{row.pk}/")

    assert page_of("openai", "") == ["https://platform.openai.com/api-keys"]
    assert page_of("openai", "https://openai.example/v1") == [], "somebody else's server"
    groq = presets.find_preset("groq")
    assert groq
    assert page_of(presets.KIND, groq.base_url) == [groq.key_page]


def test_the_proposed_name_is_free(owner: User, owner_client: Client) -> None:
    for name in ("OpenAI", "OpenAI 2"):
        keys.add_key(user=owner, provider="openai", key_name=name, key=SECRET)

    found = fields(owner_client.get(f"{PAGE}add/openai/").content.decode())

    assert found["key_name"].attributes["value"] == "OpenAI 3"
    assert "autofocus" in found["key"].attributes, "all that is left to be entered"


def test_options_are_drawn_checked_and_stored(
    owner_client: Client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAIAdapter, "options", OPTIONS)
    assert {"option_region", "option_retries", "option_store"} <= names(owner_client, "openai")

    wrong = owner_client.post(PAGE, form(upstream, option_retries="9", option_region="moon"))
    assert wrong.status_code == 422
    assert "Select a valid choice" in wrong.content.decode()
    wrong = owner_client.post(PAGE, form(upstream, option_retries="9"))
    assert "Enter a number from 0 to 5." in wrong.content.decode()
    [details] = parse(wrong.content.decode()).by_class("more")
    assert "open" in details.attributes, "an error is not hidden"
    assert not ApiKey.objects.exists()

    chosen = {"option_retries": "3", "option_region": "eu", "option_store": "no"}
    owner_client.post(PAGE, form(upstream, **chosen))
    row = ApiKey.objects.get()
    assert row.options == {"retries": 3, "region": "eu", "store": False}
    shown = owner_client.get(f"{PAGE}{row.pk}/").content.decode()
    assert fields(shown)["option_retries"].attributes["value"] == "3"
    assert '<option value="eu" selected>' in shown
    assert '<option value="no" selected>' in shown


def test_changing_options_to_another_host_needs_the_key(
    owner_client: Client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenAIAdapter, "options", OPTIONS)
    owner_client.post(PAGE, form(upstream))
    row = ApiKey.objects.get()
    with Upstream() as other:
        values = {"key_name": "Mine", "base_url": other.url + "/v1", "option_region": "eu"}
        page = owner_client.post(f"{PAGE}{row.pk}/", values)
        assert "enter the key again" in page.content.decode()
        back = owner_client.post(f"{PAGE}{row.pk}/", values | {"base_url": ""})
        assert "enter the key again" in back.content.decode()
        owner_client.post(f"{PAGE}{row.pk}/test/")
        assert other.connections_made == 0
    assert ApiKey.objects.get().options == {}


def test_members_cannot_share(owner: User, owner_client: Client, upstream: Upstream) -> None:
    assert not {"audience", "groups"} & names(owner_client, "openai")

    for audience in ("everyone", "groups"):
        values = form(upstream, key_name=audience, audience=audience, for_everyone="on", user="")
        owner_client.post(PAGE, values)
        assert ApiKey.objects.get(key_name=audience).user == owner


def test_an_administrator_shares_with_all(
    admin: User, admin_client: Client, owner_client: Client, upstream: Upstream
) -> None:
    admin_client.post(PAGE, form(upstream))
    assert ApiKey.objects.get().user == admin, "not by accident"

    admin_client.post(PAGE, form(upstream, key_name="Site", audience="everyone"))
    site = ApiKey.objects.get(user=None)
    assert site.for_everyone
    page = owner_client.get(PAGE).content.decode()
    assert "Site" in page
    assert "For everyone" in page
    assert "wxyz" not in page, "whose key it is not sees no part of it"
    assert upstream.url not in page
    assert f"{PAGE}{site.pk}/" not in page


def test_an_administrator_shares_with_groups(
    admin_client: Client,
    groups: list[Group],
    owner: User,
    owner_client: Client,
    *,
    stranger_client: Client,
    upstream: Upstream,
) -> None:
    staff, research = groups
    staff.user_set.add(owner)
    values = {"audience": "groups", "groups": [str(staff.pk), str(research.pk)]}
    admin_client.post(PAGE, form(upstream, **values))
    row = ApiKey.objects.get()
    assert (row.user, row.for_everyone, set(row.groups.all())) == (None, False, set(groups))
    assert "For Research, Staff" in " ".join(admin_client.get(PAGE).content.decode().split()) or (
        "For Staff, Research" in admin_client.get(PAGE).content.decode()
    )
    page = owner_client.get(PAGE).content.decode()
    assert "Shared with you" in page
    assert "Research" not in page
    assert "Mine" not in stranger_client.get(PAGE).content.decode()

    change = {"key_name": "Mine", "base_url": row.base_url}
    admin_client.post(f"{PAGE}{row.pk}/", change)
    assert row.groups.count() == 2, "nothing said, nothing changed"
    admin_client.post(f"{PAGE}{row.pk}/", change | {"audience": "groups", "groups": []})
    row.refresh_from_db()
    assert (row.for_everyone, row.groups.count()) == (False, 0)
    assert "For nobody" in admin_client.get(PAGE).content.decode()
    admin_client.post(f"{PAGE}{row.pk}/", change | {"audience": "everyone"})
    row.refresh_from_db()
    assert row.for_everyone

    wrong = admin_client.post(f"{PAGE}{row.pk}/", change | {"audience": "me"})
    assert wrong.status_code == 422
    wrong = admin_client.post(f"{PAGE}{row.pk}/", change | {"audience": "groups", "groups": "99"})
    assert wrong.status_code == 422


def test_an_unknown_kind(owner_client: Client, upstream: Upstream) -> None:
    for wrong in ("nonsense", "demo", ""):
        page = owner_client.post(PAGE, form(upstream, provider=wrong))
        assert page.status_code == 422
        assert "This kind of provider is not known." in page.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_of_a_plug_in_that_is_gone_can_be_removed(owner: User, owner_client: Client) -> None:
    row = keys.add_key(user=owner, provider="openai", key_name="Old", key=SECRET)
    ApiKey.objects.update(provider="gone")

    page = owner_client.get(PAGE).content.decode()
    assert "The plug-in for this provider is not installed any more." in page
    assert owner_client.get(f"{PAGE}{row.pk}/").status_code == 404
    for verb in ("test", "default", "disable", "enable", "delete"):
        assert owner_client.post(f"{PAGE}{row.pk}/{verb}/").status_code == 302
    assert not ApiKey.objects.exists()


def test_a_key_that_cannot_be_read_is_entered_again(owner: User, owner_client: Client) -> None:
    row = keys.add_key(user=owner, provider="openai", key_name="Mine", key=SECRET)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE providers_apikey SET encrypted_key = 'pk1:damaged'")

    answer = owner_client.post(f"{PAGE}{row.pk}/", {"key_name": "Other"})
    assert answer.status_code == 422
    assert "The stored key cannot be read" in answer.content.decode()

    keys.update_key(key=row, key_name="Other", new_key=SECRET)
    assert ApiKey.objects.get().encrypted_key == SECRET


def test_a_server_found_on_this_machine_is_shown(owner_client: Client, settings: Any) -> None:
    settings.OLLAMA_DISCOVERY = True
    discovered.forget_copy()
    offered = [{"id": "llama"}]
    ModelList.objects.create(environment="ollama", offered=offered, fetched_at=timezone.now())

    page = owner_client.get(PAGE).content.decode()

    assert "Found on this machine" in page
    assert "Set by the environment" not in page
    discovered.forget_copy()
