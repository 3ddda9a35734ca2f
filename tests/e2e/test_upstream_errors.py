"""What the page says and offers when a provider fails."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import text_of
from tests.e2e.person import Person


def test_wrong_key_leads_to_the_keys(ann: Person) -> None:
    """The provider's own words, what to do, and the way there."""
    chat = ann.chat(model="openai/error-401")
    chat.send("Hello")
    chat.reply_is("failed")
    error = chat.reply.get_by_role("alert")
    expect(error).to_contain_text("The provider did not accept the key")
    expect(error).to_contain_text("This is what 401 sounds like.")
    error.get_by_role("link", name=text_of("providers")).click()
    expect(chat.page.get_by_role("heading", name="Providers", level=1)).to_be_visible()


def test_rate_limit_counts_down_and_can_be_stopped(ann: Person) -> None:
    """While the site itself tries again, the page counts the seconds."""
    chat = ann.chat(model="openai/error-429")
    chat.send("Hello")
    notice = chat.reply.locator(".message-notice")
    expect(notice).to_have_text(re.compile(r"again in [67] s"))
    expect(notice).to_have_text(re.compile(r"again in [45] s"))
    chat.stop_button.click()
    chat.reply_is("stopped")
    expect(notice).to_be_hidden()


def test_long_rate_limit_is_left_to_the_reader(ann: Person) -> None:
    """The wait is shown, in minutes for it is long; Retry is offered."""
    chat = ann.chat(model="openai/error-429-long")
    chat.send("Hello")
    chat.reply_is("failed")
    wait = chat.reply.locator(".message-error-wait")
    expect(wait).to_have_text("You can try again in 60 min.")
    expect(chat.button("Retry")).to_be_visible()


def test_retried_error_ends_well(ann: Person) -> None:
    """A pause that the provider asked for, then the answer."""
    chat = ann.chat(model="openai/429-once")
    chat.send(f"Hello {ann.name}")
    expect(chat.reply.locator(".message-notice")).to_contain_text(re.compile(r"again in \d s"))
    chat.reply_is("complete")
    expect(chat.body).to_contain_text("This is fine")
    expect(chat.reply.locator(".message-notice")).to_be_hidden()


def test_silence_is_told_and_can_be_stopped(ann: Person) -> None:
    """A provider that hangs: the page says so, Stop works, the composer is free again."""
    chat = ann.chat(model="openai/hang")
    chat.send("Hello")
    expect(chat.reply.locator(".message-notice")).to_contain_text("Still waiting")
    chat.page.reload()
    expect(chat.reply.locator(".message-notice")).to_contain_text("Still waiting")
    chat.stop_button.click()
    chat.reply_is("stopped")
    expect(chat.button("Retry")).to_be_visible()
    ann.post(f"{chat.page.url.removeprefix(ann.url)}model/", {"model": "openai/echo"})
    chat.send("On we go")
    chat.reply_is("complete")
    expect(chat.body).to_contain_text("On we go")


def test_cut_keeps_the_text(ann: Person) -> None:
    """The connection to the provider breaks: the text stays, with Continue."""
    chat = ann.chat(model="openai/cut-after-30")
    chat.send("Hello")
    chat.reply_is("interrupted")
    expect(chat.body).to_contain_text("the quick brown fox")
    expect(chat.button("Continue")).to_be_visible()
    expect(chat.button("Retry")).to_be_visible()
