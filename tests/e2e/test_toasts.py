"""Where toasts stand: over nothing that is needed."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import People
from tests.e2e.person import DESK, PHONE


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_toasts_stand_above_the_composer(people: People, viewport: dict[str, int]) -> None:
    """Beneath what is at the top, also where the composer has grown."""
    cleo = people(viewport=viewport)
    chat = cleo.open(cleo.start("Hello"))
    chat.reply_is("complete")
    composer = chat.page.locator("#composer")
    composer.fill("A line\n" * 8)
    chat.page.evaluate("document.dispatchEvent(new CustomEvent('parley:trouble'))")
    expect(chat.toasts).to_have_count(1)
    chat.page.wait_for_function("() => document.getElementById('toasts').style.insetBlockEnd")
    toast, box, bar = (
        chat.page.locator(each).bounding_box() for each in (".toast", ".composer-box", "#topbar")
    )
    assert toast
    assert box
    assert bar
    assert toast["y"] + toast["height"] <= box["y"]
    assert toast["y"] > bar["y"] + bar["height"]
    assert toast["height"] < 120
