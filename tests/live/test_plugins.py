"""The example plug-in: installed by pip, used by people, with a broken one beside it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import check_log
from tests.markup import Element, parse
from tests.person import Person
from tests.providers.packages import Package
from tests.server import ROOT, Server, clean_environment

pytestmark = pytest.mark.server

EXAMPLE = ROOT / "examples" / "parley-provider-webhook"
PAGE = "/settings/providers/"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both plug-ins in it."""
    folder = tmp_path_factory.mktemp("packages")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder), str(EXAMPLE)],
        env=clean_environment(PIP_CONFIG_FILE="/dev/null"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    broken = "raise RuntimeError('no such bird')"
    Package(folder, broken, name="parley-provider-broken", entry_points={"broken": "Plugin"})
    return folder


@pytest.fixture(scope="module")
def site(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that finds the packages, and nothing else that is new."""
    env = {
        "PYTHONPATH": str(packages),
        "PROVIDER_ALLOW_PRIVATE": "on",
        "TRUSTED_PROXIES": "1",
        "DJANGO_SETTINGS_MODULE": "tests.site_settings",
    }
    with Server(tmp_path_factory.mktemp("plugins"), env=env) as running:
        yield running
        running.terminate()
        check_log(running)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The example's program, at an address of its own."""
    with subprocess.Popen(
        [sys.executable, str(EXAMPLE / "endpoint.py"), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found[0]
        process.terminate()


def offered(page: Element) -> dict[str, str]:
    """Kinds of provider that can be added, with their labels."""
    links = [link for link in page.by_class("choice") if link.tag == "a"]
    return {
        link.attributes["href"].rstrip("/").rpartition("/")[2]: link.by_class("choice-name")[0].text
        for link in links
    }


async def test_people_use_a_plugin_like_any_provider(site: Server, endpoint: str) -> None:
    async with Person(site.url, "the-first") as ann:
        await ann.sign_up()
        kinds = offered(parse((await ann.get(PAGE)).text))
        assert kinds["webhook"] == "Webhook"
        assert "broken" not in kinds

        assert "Further fields" in (await ann.get(f"{PAGE}add/webhook/")).text
        form = {"provider": "webhook", "key_name": "Mine", "base_url": endpoint}
        added = await ann.submit(PAGE, form)
        assert added.status_code == 302, added.text
        assert "A parrot" in (await ann.get("/models/")).text

        reply = await ann.start_chat(ann.own("Polly"), model="mine/parrot")
        article = await ann.ended(reply)
        assert article.status == "complete"
        assert article.text.split() == ["You", "said:", *ann.own("Polly").split()]
        assert "2 in, 4 out" in article.footer

        page = (await ann.get("/admin/providers/plugins/")).text
        assert "parley-provider-webhook 1.0.0" in page
        assert "RuntimeError: no such bird" in page
    assert site.output.count("The plug-in broken of parley-provider-broken 1.2 is left out") == 1
