"""Overrides and statuses of models in the administration."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from providers import keys, refresh
from providers.availability import Call, flush, note
from providers.connections import Source
from providers.errors import OverloadedError
from providers.models import ModelOverride
from providers.types import ModelInfo
from tests.conftest import make_user
from tests.providers.conftest import KEY

ADD = "/admin/providers/modeloverride/add/"
LIST = "/admin/providers/modeloverride/"
STATUSES = "/admin/providers/modelstatus/"


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ENVIRONMENT = {"openai": {"api_key": KEY, "base_url": ""}}


@pytest.fixture
def administrator(db: None) -> Client:
    client = Client()
    client.force_login(make_user("ada", is_staff=True, is_superuser=True))
    return client


def values(**changed: str) -> dict[str, str]:
    unknown = ("accepts_images", "accepts_files", "supports_tools", "reasons")
    return {"provider": "openai", "model": "m", **dict.fromkeys(unknown, "unknown"), **changed}


def page(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_adding_and_changing(administrator: Client) -> None:
    assert (
        administrator.post(ADD, values(context_window="8192", reasons="false")).status_code == 302
    )
    row = ModelOverride.objects.get()
    assert (row.context_window, row.reasons, row.accepts_images) == (8192, False, None)

    change = f"{LIST}{row.pk}/change/"
    assert administrator.get(change).status_code == 200
    assert (
        administrator.post(change, values(input_price="0", output_price="2.5")).status_code == 302
    )
    row.refresh_from_db()
    assert (row.context_window, row.reasons) == (None, None)
    assert (row.input_price, row.output_price) == (Decimal(0), Decimal("2.5"))
    assert "$2.50 / 1M" in page(administrator.get(LIST))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"context_window": "0"}, "greater than or equal to 1"),
        ({"context_window": "-5"}, "greater than or equal to 1"),
        ({"max_output": "0"}, "greater than or equal to 1"),
        ({"input_price": "-0.01"}, "greater than or equal to 0"),
        ({"cache_write_price": "-1"}, "greater than or equal to 0"),
        ({"input_price": "many"}, "Enter a number."),
        ({"provider": "nowhere", "reasons": "true"}, "Select a valid choice."),
        ({"model": " ", "reasons": "true"}, "This field is required."),
        ({}, "Fill in at least one value"),
    ],
)
def test_wrong_values_are_refused(
    changed: dict[str, str], words: str, administrator: Client
) -> None:
    response = administrator.post(ADD, values(**changed))

    assert response.status_code == 200
    assert words in page(response)
    assert not ModelOverride.objects.exists()


def test_one_row_for_each_model(administrator: Client) -> None:
    for _time in range(2):
        response = administrator.post(ADD, values(reasons="true"))

    assert "already exists" in page(response)
    assert ModelOverride.objects.count() == 1


def test_connections_of_the_site_can_be_named(administrator: Client, owner: User) -> None:
    keys.add_key(user=None, provider="openai", key_name="Ours", key=KEY)
    keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)

    form = page(administrator.get(ADD))
    assert "Ours (ours)" in form
    assert "Mine" not in form
    assert administrator.post(ADD, values(provider="ours", reasons="true")).status_code == 302


def test_a_row_for_a_connection_that_is_gone_can_be_changed(administrator: Client) -> None:
    row = ModelOverride.objects.create(provider="gone", model="m", reasons=True)
    changed = values(provider="gone", reasons="false")

    assert administrator.post(f"{LIST}{row.pk}/change/", changed).status_code == 302


def test_what_is_known_without_it_is_told(administrator: Client) -> None:
    source = Source(slug="openai", kind="openai", label="OpenAI")
    refresh.store(source, [ModelInfo(id="m", context_window=4096, input_price=Decimal("1.5"))], "")
    known = ModelOverride.objects.create(provider="openai", model="m", context_window=1)
    unknown = ModelOverride.objects.create(provider="openai", model="x", context_window=1)

    shown = page(administrator.get(f"{LIST}{known.pk}/change/"))
    assert "context window: 4096, input price: 1.5" in shown
    shown = page(administrator.get(f"{LIST}{unknown.pk}/change/"))
    assert "No connection of this site offers this model." in shown


def test_statuses_of_peoples_own_connections_are_not_shown(
    administrator: Client, owner: User
) -> None:
    mine = keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)
    ours = keys.add_key(user=None, provider="openai", key_name="Ours", key=KEY)
    note(Call(keys.source_of(mine), "my-model", error=OverloadedError()))
    note(Call(keys.source_of(ours), "our-model", error=OverloadedError()))
    flush()

    shown = page(administrator.get(STATUSES))
    assert "our-model" in shown
    assert "my-model" not in shown
    assert administrator.get(f"{STATUSES}add/").status_code == 403


def test_nobody_else_comes_in(owner_client: Client) -> None:
    for address in (ADD, LIST, STATUSES):
        assert owner_client.get(address).status_code == 302
    assert owner_client.post(ADD, values(reasons="true")).status_code == 302
    assert not ModelOverride.objects.exists()
