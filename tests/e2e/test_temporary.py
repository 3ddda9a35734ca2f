"""Temporary chats: said so while they are open, gone once they are left."""

import re

from playwright.sync_api import FilePayload, expect

from tests.conftest import PASSWORD
from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person

WORD = "yaffingale"


def _begin(ann: Person, *, model: str = "openai/echo") -> Chat:
    """A temporary chat with its answer."""
    chat = ann.chat(model=model)
    chat.page.get_by_label("Temporary").check()
    chat.send(f"My secret {WORD}")
    chat.reply_is("complete")
    expect(chat.page.get_by_role("button", name="Temporary")).to_be_visible()
    return chat


def _add_notes(chat: Chat) -> None:
    """A small file in the composer."""
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Notes"}
    chat.page.locator(".composer-file").set_input_files([notes])
    expect(chat.page.locator("#previews .file-state[data-state=ready]")).to_be_visible()


def _status(ann: Person, address: str) -> int:
    """What its address answers."""
    return ann.context.request.get(address).status


def _is_gone(chat: Chat, ann: Person, address: str) -> None:
    """Told by the page that came in its place, which nothing on the page shows."""
    chat.page.wait_for_function("() => !sessionStorage.getItem('temporary')")
    chat.page.wait_for_function(
        "async (address) => (await fetch(address)).status === 404", arg=address
    )
    assert _status(ann, address) == 404


def test_it_is_gone_once_it_is_left(ann: Person) -> None:
    """A reload keeps it; New chat does not. The list never shows it."""
    ann.expect_problem("status of 404")
    chat = _begin(ann)
    address = chat.page.evaluate("() => location.pathname")
    expect(chat.page).to_have_title("Temporary chat · Parley")
    chat.page.reload()
    expect(chat.questions).to_have_text([re.compile(WORD)])
    expect(chat.titles).to_have_count(0)
    kept: str = chat.page.evaluate("() => JSON.stringify([{ ...localStorage }, document.cookie])")
    assert WORD not in kept
    chat.page.get_by_role("link", name="New chat").first.click()
    expect(chat.page.get_by_role("heading", name="What is on your mind?")).to_be_visible()
    _is_gone(chat, ann, address)
    chat.page.go_back()
    expect(chat.page.get_by_text(WORD)).to_have_count(0)


def test_it_is_gone_when_another_chat_is_opened(ann: Person) -> None:
    """But not while another tab goes anywhere."""
    ann.expect_problem("status of 404")
    ordinary = ann.start("Ordinary")
    chat = _begin(ann)
    address = chat.page.evaluate("() => location.pathname")
    other = ann.open(ordinary)
    other.page.goto("/")
    other.page.goto("/archive/")
    expect(other.page.get_by_role("heading", name="Archive")).to_be_visible()
    assert _status(ann, address) == 200
    chat.page.get_by_role("link", name="Ordinary", exact=True).click()
    expect(chat.page).to_have_url(re.compile(ordinary))
    _is_gone(chat, ann, address)
    assert _status(ann, ordinary) == 200


def test_its_file_and_a_copy_of_its_tab_do_not_end_it(ann: Person) -> None:
    """A file's text shows in the same tab. Of two tabs the one that goes last ends the chat."""
    ann.expect_problem("status of 404")
    chat = ann.chat(model="openai/echo")
    chat.page.get_by_label("Temporary").check()
    _add_notes(chat)
    chat.send(f"My secret {WORD}")
    chat.reply_is("complete")
    address = chat.page.evaluate("() => location.pathname")
    with ann.context.expect_page() as opened:
        chat.page.evaluate("() => void open(location.href)")
    copy = Chat(opened.value)
    expect(copy.page.get_by_role("button", name="Temporary")).to_be_visible()
    chat.questions.get_by_role("link", name="notes.txt").first.click()
    expect(chat.page.get_by_role("heading", name="notes.txt")).to_be_visible()
    left = "() => !sessionStorage.getItem('temporary')"
    copy.page.goto("/")
    copy.page.wait_for_function(left)
    assert _status(ann, address) == 200
    chat.page.get_by_role("link", name="Back to the chat").click()
    expect(chat.questions).to_have_text([re.compile(WORD)])
    chat.page.goto("/")
    _is_gone(chat, ann, address)


def test_ended_by_its_button_and_by_signing_out(ann: Person) -> None:
    """With the keyboard; nothing is asked and nothing comes back."""
    chat = _begin(ann)
    address = chat.page.evaluate("() => location.pathname")
    badge = chat.page.get_by_role("button", name="Temporary")
    badge.focus()
    badge.press("Enter")
    end = chat.button("End and delete")
    end.focus()
    end.press("Enter")
    expect(chat.page).to_have_url(re.compile(r"/$"))
    expect(chat.toasts).to_have_text([re.compile("The temporary chat was deleted")])
    assert _status(ann, address) == 404
    again = _begin(ann)
    address = again.page.evaluate("() => location.pathname")
    again.sidebar.get_by_role("button", name="Account menu").click()
    again.button("Sign out").click()
    expect(again.page).to_have_url(re.compile("/accounts/login/"))
    again.page.goto("/accounts/login/")
    assert ann.context.request.get(address, max_redirects=0).status == 302


def test_kept_it_is_in_the_list(ann: Person) -> None:
    """With its first words for a title, and leaving it changes nothing."""
    chat = _begin(ann)
    address = chat.page.evaluate("() => location.pathname")
    chat.page.get_by_role("button", name="Temporary").click()
    chat.button("Keep this chat").click()
    expect(chat.titles).to_have_text([f"My secret {WORD}"])
    expect(chat.page.get_by_role("button", name="Temporary")).to_have_count(0)
    chat.page.goto("/")
    expect(chat.titles).to_have_text([f"My secret {WORD}"])
    chat.titles.first.click()
    expect(chat.page).to_have_url(re.compile(address))
    expect(chat.questions).to_have_text([re.compile(WORD)])


def test_left_while_its_reply_is_written(ann: Person) -> None:
    """The worst moment: the reply stops, nothing of it stays."""
    ann.expect_problem("status of 404")
    chat = ann.open("/?model=openai/prose-600@60&temporary=1")
    expect(chat.page.get_by_label("Temporary")).to_be_checked()
    chat.send(f"Much of {WORD}")
    chat.writes(20)
    address = chat.page.evaluate("() => location.pathname")
    chat.page.goto("/")
    expect(chat.page.get_by_role("heading", name="What is on your mind?")).to_be_visible()
    _is_gone(chat, ann, address)
    expect(chat.titles).to_have_count(0)


def test_a_draft_is_not_kept(ann: Person) -> None:
    """What was typed before the box was ticked goes, too."""
    chat = ann.open("/")
    chat.composer.fill(WORD)
    kept = "() => JSON.stringify({ ...localStorage })"
    assert WORD in chat.page.evaluate(kept)
    chat.page.get_by_label("Temporary").check()
    assert WORD not in chat.page.evaluate(kept)
    chat.composer.press_sequentially(" more")
    assert WORD not in chat.page.evaluate(kept)


def test_a_draft_of_another_tab_is_left_to_it(ann: Person) -> None:
    """The tab that is ticked shows it as well, and may write and send something else."""
    chat, other = ann.open("/"), ann.open("about:blank")
    chat.composer.fill("For later")
    other.page.goto("/?model=openai/echo")
    expect(other.composer).to_have_value("For later")
    other.page.get_by_label("Temporary").check()
    other.send(f"My secret {WORD}")
    other.reply_is("complete")
    assert WORD not in other.page.evaluate("() => JSON.stringify({ ...localStorage })")
    chat.page.reload()
    expect(chat.composer).to_have_value("For later")


def test_files_that_were_not_sent_go_with_it(ann: Person) -> None:
    """Whether its first message was sent or not."""
    ann.expect_problem("status of 404")
    chat = _begin(ann)
    fetched = "async (address) => (await fetch(address)).status === 404"
    for _ in range(2):
        _add_notes(chat)
        unsent = chat.page.locator("#previews [name=attachment]").get_attribute("value")
        assert unsent not in chat.page.evaluate("() => JSON.stringify({ ...localStorage })")
        chat.page.goto("/?temporary=1")
        chat.page.wait_for_function(fetched, arg=f"/attachments/{unsent}/state/")


def test_signed_out_its_page_stays(ann: Person) -> None:
    """What was typed stands on it alone: the way to sign in opens beside it."""
    ann.expect_problem("status of 40[13]|Error Code 40[13]|WebSocket")
    chat = _begin(ann)
    cookies = [c for c in ann.context.cookies() if c["name"] != "sessionid"]
    ann.context.clear_cookies()
    ann.context.add_cookies(cookies)  # type: ignore[arg-type]
    chat.composer.fill(f"More of {WORD}")
    chat.composer.press("Enter")
    expect(chat.toasts).to_contain_text("Sign in again in a new tab")
    with ann.context.expect_page() as opened:
        chat.toasts.get_by_role("link", name="Sign in").click()
    page = opened.value
    page.get_by_label("Username or email").fill(ann.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What is on your mind?")).to_be_visible()
    expect(chat.composer).to_have_value(f"More of {WORD}")
    chat.composer.press("Enter")
    expect(chat.questions).to_have_count(2)
    chat.reply_is("complete")


def test_its_panel_fits_a_phone(people: People) -> None:
    """Whole, wherever its button stands."""
    ann = people(viewport=PHONE)
    chat = _begin(ann)
    chat.page.get_by_role("button", name="Temporary").click()
    expect(chat.page.locator("#temporary-panel")).to_be_in_viewport(ratio=1)


def test_without_scripts_on_a_phone(people: People) -> None:
    """The box and the buttons are plain forms."""
    ann = people(viewport=PHONE, java_script_enabled=False)
    chat = ann.open("/?model=demo/demo")
    chat.page.get_by_label("Temporary").check()
    chat.composer.fill(WORD)
    chat.send_button.click()
    expect(chat.page.get_by_text("A temporary chat: deleted once you leave it.")).to_be_visible()
    address = re.sub(r".*(/c/[^/]+/).*", r"\1", chat.page.url)
    chat.page.get_by_role("button", name="Temporary").click()
    assert chat.overflow() <= 0
    chat.button("End and delete").click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    assert _status(ann, address) == 404
