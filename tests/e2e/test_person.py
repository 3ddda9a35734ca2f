"""The watch over every page: it would be worth nothing if it saw nothing."""

import time

import pytest

from tests.e2e.person import Person

WRONG = {
    "inline script": "document.body.append(Object.assign(document.createElement('script'),"
    " { textContent: '1' }))",
    "inline style": "document.body.setAttribute('style', 'color: red')",
    "picture from elsewhere": "new Image().src = 'https://canary.invalid/x.png'",
    "request to another port": "fetch('http://127.0.0.1:1/').catch(() => 0)",
    "link opened elsewhere": "open('https://canary.invalid/')",
    "error in a script": "setTimeout(() => { throw new Error('thrown') })",
    "lost promise": "Promise.reject(new Error('lost'))",
    "complaint": "console.error('complaint')",
    "dialog": "setTimeout(() => alert(1))",
}


@pytest.mark.parametrize("script", WRONG.values(), ids=WRONG.keys())
def test_what_goes_wrong_is_seen(ann: Person, script: str) -> None:
    """Each of them would fail a test."""
    chat = ann.open("/")
    chat.page.evaluate(f"() => {{ {script} }}")
    end = time.monotonic() + 15
    while not ann.problems and time.monotonic() < end:
        chat.page.evaluate("() => 0")
    assert ann.problems
    ann.problems.clear()
    ann.expect_problem("")
