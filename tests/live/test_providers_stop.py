"""The stop waits for no provider."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.hanging import HangingProvider
from tests.live.conftest import check_log
from tests.person import Person
from tests.server import Server
from tests.waiting import until

pytestmark = pytest.mark.server

GRACE = 1
SLACK = 6
"""Seconds for all else that a stop does, on a slow machine."""


async def test_a_key_that_is_tested_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with HangingProvider() as hanging:
        environment = {
            "OPENAI_API_KEY": "",
            "PROVIDER_ALLOWED_HOSTS": f"127.0.0.1:{hanging.port}",
            "SHUTDOWN_GRACE": str(GRACE),
            "PROVIDER_LIST_TIMEOUT": "600",
            "DJANGO_SETTINGS_MODULE": "tests.site_settings",
        }
        with Server(tmp_path, env=environment) as server:
            async with Person(server.url) as ann:
                await ann.sign_up()
                values = {
                    "provider": "openai_compatible",
                    "key_name": "Server",
                    "base_url": f"{hanging.url}/tested",
                    "key": "sk-any",
                }
                test = asyncio.create_task(ann.submit("/settings/providers/", values))
                await until(lambda: hanging.waiting("/tested") == 1)
                started = time.monotonic()
                code = await asyncio.to_thread(server.terminate, 60)
                took = time.monotonic() - started
                await asyncio.gather(test, return_exceptions=True)
            assert code == 0
            assert took < GRACE + SLACK
            check_log(server)
