"""Counts the queries of pages, with the site's settings: run by `benchmarks.inside`."""

from collections.abc import Sequence

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.rows import NAME


def main(conversations: Sequence[str]) -> object:
    """Queries of each conversation's page, the second time it is opened."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=f"{NAME}0"))
    return [_count(client, f"/c/{each}/") for each in conversations]


def _count(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        if client.get(path).status_code != 200:
            raise RuntimeError("The page cannot be opened.")
    return len(queries)
