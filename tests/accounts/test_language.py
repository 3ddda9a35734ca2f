"""Which language pages are in: what their reader chose, else what the browser asks for."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.template import engines
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.middleware import user_language
from accounts.models import User
from accounts.preferences import language_choices, update_preferences

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def languages(settings: Settings) -> Iterator[None]:
    """A site that speaks more than it does yet; Django brings its own texts."""
    settings.LANGUAGES = [("en", "English"), ("de", "German"), ("he", "Hebrew")]
    yield
    translation.activate("en")


def root(page: str) -> str:
    """The attributes of <html>."""
    found = re.search(r"<html ([^>]*)>", page)
    assert found
    return found[1]


def test_pages_are_in_the_chosen_language(owner: User, owner_client: Client) -> None:
    update_preferences(user=owner, language="de")
    answer = owner_client.get("/settings/")
    assert root(answer.text).startswith('lang="de" dir="ltr"')
    assert answer["Content-Language"] == "de"


def test_a_language_from_right_to_left(owner: User, owner_client: Client) -> None:
    update_preferences(user=owner, language="he")
    for path in ("/", "/settings/", "/accounts/password/change/", "/archive/"):
        assert root(owner_client.get(path).text).startswith('lang="he" dir="rtl"'), path
    assert root(owner_client.get("/nowhere/").text).startswith('lang="he" dir="rtl"')


def test_the_choice_wins_over_the_browser(owner: User, owner_client: Client) -> None:
    assert root(owner_client.get("/", headers=GERMAN).text).startswith('lang="de"')
    update_preferences(user=owner, language="en")
    assert root(owner_client.get("/", headers=GERMAN).text).startswith('lang="en"')
    update_preferences(user=owner, language="")
    assert root(owner_client.get("/", headers=GERMAN).text).startswith('lang="de"')
    assert root(owner_client.get("/").text).startswith('lang="en"')


def test_visitors_get_the_browsers(owner: User) -> None:
    page = Client().get("/accounts/login/", headers=GERMAN)
    assert root(page.text).startswith('lang="de"')
    wrong = Client().post(
        "/accounts/login/", {"login": "olivia", "password": "wrong"}, headers=GERMAN
    )
    assert "leider falsch" in wrong.text


def test_texts_of_others_follow(owner: User, owner_client: Client) -> None:
    update_preferences(user=owner, language="de")
    refused = owner_client.post("/accounts/password/change/", {"oldpassword": "", "password1": ""})
    assert "Dieses Feld ist zwingend erforderlich." in refused.text
    wrong = owner_client.post("/settings/", {"theme": "sepia"})
    assert "Bitte eine gültige Auswahl treffen." in wrong.text


def test_dates_and_numbers_follow(owner: User, owner_client: Client) -> None:
    User.objects.filter(pk=owner.pk).update(date_joined=datetime(2026, 3, 4, tzinfo=UTC))
    assert "March 4, 2026" in owner_client.get("/settings/account/").text
    update_preferences(user=owner, language="de")
    assert "4. März 2026" in owner_client.get("/settings/account/").text


def test_numbers_are_written_as_the_language_does(owner: User) -> None:
    number = engines["django"].from_string("{{ number }}")
    owner.language = "de"
    request = RequestFactory().get("/")
    request.user = owner
    seen: list[str] = []

    def view(_request: object) -> object:
        seen.append(number.render({"number": 1.5}))
        from django.http import HttpResponse  # noqa: PLC0415

        return HttpResponse()

    user_language(view)(request)  # type: ignore[arg-type]
    assert seen == ["1,5"]
    assert translation.get_language() == "en"


def test_a_language_that_the_site_speaks_no_more_counts_as_none(
    owner: User, owner_client: Client, settings: Settings
) -> None:
    update_preferences(user=owner, language="he")
    settings.LANGUAGES = [("en", "English")]
    assert root(owner_client.get("/").text).startswith('lang="en" dir="ltr"')
    assert owner_client.post("/settings/", {"theme": "dark"}).status_code == 302


def test_each_is_offered_by_its_own_name() -> None:
    assert language_choices() == [
        ("", "As the browser"), ("en", "English"), ("de", "Deutsch"), ("he", "עברית")
    ]  # fmt: skip


def test_one_persons_language_is_nobody_elses(
    owner: User, owner_client: Client, stranger_client: Client
) -> None:
    update_preferences(user=owner, language="he")
    assert root(owner_client.get("/").text).startswith('lang="he"')
    assert root(stranger_client.get("/").text).startswith('lang="en"')


def test_it_costs_no_query(
    owner: User, owner_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        owner_client.get("/settings/account/")
    update_preferences(user=owner, language="de")
    with django_assert_num_queries(2):
        owner_client.get("/settings/account/")
