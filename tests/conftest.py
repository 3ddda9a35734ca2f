"""Fixtures shared by all tests. Named roles: `owner`, `stranger`, `admin`."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from providers import availability

PASSWORD = "correct horse battery staple"
MOST_VARIANTS = 2
"""Of one test, on PostgreSQL. Hundreds of paths and payloads tell nothing new of a database."""


def pytest_configure(config: pytest.Config) -> None:
    """Let workers take the files in the order below, not by the number of their tests."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with browsers come first, then those with servers: what is last should be short.

    Otherwise one worker idles at the end; and each would start its browser and site time and again.
    On PostgreSQL only tests that use the database are run, and a sample of those with many values.
    """
    if connection.vendor == "postgresql":
        chosen = dict.fromkeys(_for_postgres(items))
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen
    slow = [
        {item.path for item in items if item.get_closest_marker(mark)}
        for mark in ("browser", "server")
    ]
    count = Counter(item.path for item in items)
    items.sort(
        key=lambda item: (
            *(item.path not in paths for paths in slow),
            -count[item.path],
            item.path,
        )
    )


def _for_postgres(items: list[pytest.Item]) -> list[pytest.Item]:
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if _uses_database(item):
            tests[item.nodeid.partition("[")[0]].append(item)
    return [
        item
        for variants in tests.values()
        for item in variants[:: -(-len(variants) // MOST_VARIANTS)]
    ]


def _uses_database(item: pytest.Item) -> bool:
    """In the test's own process: servers that tests start have databases of their own."""
    asked = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    elsewhere = item.get_closest_marker("server") or item.get_closest_marker("browser")
    return bool(asked or item.get_closest_marker("django_db")) and not elsewhere


def make_user(name: str, **fields: object) -> User:
    """An account with `PASSWORD`."""
    return User.objects.create_user(
        username=name, email=f"{name}@example.org", password=PASSWORD, **fields
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """PostgreSQL removes no database that the thread of asynchronous tests is connected to."""
    yield
    asyncio.run(sync_to_async(connections.close_all)())


@pytest.fixture(autouse=True)
def _forgotten_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's calls said of a model is not written by another."""
    monkeypatch.setattr(availability, "_recorder", availability.Recorder())


@pytest.fixture
def owner(db: None) -> User:
    """Who owns what a test looks at."""
    return make_user("olivia")


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody else with an account."""
    return make_user("sam")


@pytest.fixture
def owner_client(owner: User) -> Client:
    """A browser signed in as the owner."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def stranger_client(stranger: User) -> Client:
    """A browser signed in as the stranger."""
    client = Client()
    client.force_login(stranger)
    return client
