"""Fixtures shared by all tests. Named roles: `owner`, `stranger`, `admin`."""

import pytest
from django.test import Client

from accounts.models import User
from providers import availability

PASSWORD = "correct horse battery staple"


def make_user(name: str, **fields: object) -> User:
    """An account with `PASSWORD`."""
    return User.objects.create_user(
        username=name, email=f"{name}@example.org", password=PASSWORD, **fields
    )


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
