"""Writing a message."""

import re
from io import BytesIO

from PIL import Image
from playwright.sync_api import FilePayload, Route, expect

from tests.e2e.conftest import text_of
from tests.e2e.person import Chat, Person
from tests.upstream import Upstream


def _picture(color: str = "teal") -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), color).save(file, "PNG")
    return file.getvalue()


def _file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": data}


def _height(chat: Chat) -> float:
    box = chat.composer.bounding_box()
    assert box
    return box["height"]


def test_grows_with_its_text_up_to_a_limit(ann: Person) -> None:
    """Shift+Enter makes a line; after sending it is small again."""
    chat = ann.chat(model="openai/echo")
    small = _height(chat)
    chat.composer.press_sequentially("one")
    for word in ("two", "three", "four"):
        chat.composer.press("Shift+Enter")
        chat.composer.press_sequentially(word)
    expect(chat.composer).to_have_value("one\ntwo\nthree\nfour")
    grown = _height(chat)
    assert grown > small + 50
    chat.composer.fill("line\n" * 100)
    assert grown < _height(chat) < 500
    expect(chat.send_button).to_be_in_viewport()
    chat.composer.fill("one\ntwo")
    chat.composer.press("Enter")
    chat.reply_is("complete")
    assert _height(chat) == small
    bubble = chat.questions.locator(".message-body")
    expect(bubble).to_have_text("one\ntwo", use_inner_text=True)


def test_draft_survives_a_reload(ann: Person) -> None:
    """Each chat has its own; sending takes it away."""
    chat = ann.chat(model="openai/echo")
    chat.composer.fill("For a new chat")
    chat.page.reload()
    expect(chat.composer).to_have_value("For a new chat")
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.composer).to_have_value("")
    chat.composer.fill("For this chat")
    address = chat.page.url
    chat.page.goto("/")
    expect(chat.composer).to_have_value("")
    chat.page.goto(address)
    expect(chat.composer).to_have_value("For this chat")


def test_a_full_store_keeps_nobody_from_sending(ann: Person) -> None:
    """Then the draft survives no reload, and that is all."""
    chat = ann.chat(model="openai/echo")
    chat.page.evaluate("""() => {
      for (let size = 2 ** 22; size >= 1; size /= 2) {
        try {
          for (let n = 0; ; n += 1) localStorage.setItem(`x${size}-${n}`, "x".repeat(size));
        } catch {}
      }
    }""")
    chat.send("In spite of all")
    chat.reply_is("complete")
    expect(chat.composer).to_have_value("")
    chat.send("Once more")
    chat.reply_is("complete")


def test_enter_of_an_input_method_does_not_send(ann: Person, upstream: Upstream) -> None:
    """Enter that ends a composition chooses a word."""
    chat = ann.chat(model="openai/echo")
    asked = len(upstream.completions)
    chat.composer.focus()
    session = chat.page.context.new_cdp_session(chat.page)
    session.send(
        "Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2}
    )
    chat.composer.dispatch_event(
        "keydown", {"key": "Enter", "code": "Enter", "isComposing": True, "bubbles": True}
    )
    chat.composer.dispatch_event("keydown", {"key": "Process", "keyCode": 229, "bubbles": True})
    session.send("Input.insertText", {"text": "日本"})
    expect(chat.composer).to_have_value("日本")
    expect(chat.page).to_have_url(re.compile(r"/\?model="))
    assert len(upstream.completions) == asked
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("日本")


def test_double_click_and_held_enter_send_once(ann: Person, upstream: Upstream) -> None:
    """One message, one request."""
    chat = ann.chat(model="openai/echo")
    text = f"Once {ann.name}"
    chat.composer.fill(text)
    chat.send_button.dblclick()
    chat.reply_is("complete")
    chat.composer.fill(f"{text} more")
    chat.composer.press("Enter")
    chat.composer.press("Enter")
    expect(chat.body).to_have_text(f"{text} more")
    chat.reply_is("complete")
    expect(chat.questions).to_have_count(2)
    chat.page.reload()
    expect(chat.questions).to_have_count(2)
    expect(chat.titles).to_have_count(1)
    asked = [body for body in upstream.completions if ann.name in str(body)]
    assert len(asked) == 2


def test_typing_goes_on_while_a_message_is_sent(ann: Person) -> None:
    """What is typed while the server is slow to answer stays."""
    chat = ann.chat(model="openai/echo")
    chat.send("First")
    chat.reply_is("complete")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    chat.page.route(re.compile("/messages/"), hold)
    chat.composer.fill("Second")
    with chat.page.expect_request(re.compile("/messages/")):
        chat.composer.press("Enter")
    chat.composer.press_sequentially(" and next")
    held[0].continue_()
    expect(chat.questions).to_have_count(2)
    expect(chat.questions.last).to_contain_text("Second")
    expect(chat.composer).to_have_value("and next")
    chat.page.unroute_all()


def test_nothing_to_send(ann: Person, upstream: Upstream) -> None:
    """White space is no message, and no error either."""
    chat = ann.chat(model="openai/echo")
    asked = len(upstream.completions)
    chat.composer.fill("  \n ")
    chat.composer.press("Enter")
    chat.send_button.click()
    chat.send("Something")
    chat.reply_is("complete")
    assert len(upstream.completions) == asked + 1


def test_pictures_are_previewed_removed_and_sent(ann: Person, upstream: Upstream) -> None:
    """Chosen, pasted, one removed; what is sent is visible and reaches the model."""
    chat = ann.chat(model="openai/ok")
    previews = chat.page.locator("#previews img")
    chat.page.locator(".composer-file").set_input_files(
        [_file("one.png", _picture()), _file("two.png", _picture("plum"))]
    )
    expect(previews).to_have_count(2)
    chat.composer.evaluate(
        """(field, bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          field.dispatchEvent(event);
        }""",
        list(_picture("gold")),
    )
    expect(previews).to_have_count(3)
    chat.page.get_by_role("button", name="Remove “two.png”").click()
    expect(previews).to_have_count(2)
    chat.send(f"What is this? {ann.name}")
    chat.reply_is("complete")
    expect(previews).to_have_count(0)
    sent = chat.questions.locator("img")
    for _ in range(2):
        expect(sent).to_have_count(2)
        chat.page.wait_for_function(
            "() => [...document.querySelectorAll('article img')].every((i) => i.naturalWidth == 40)"
        )
        chat.page.reload()
    (body,) = [body for body in upstream.completions if ann.name in str(body)]
    assert str(body).count("data:image/png;base64,") == 2


def test_picture_that_is_torn(ann: Person) -> None:
    """Said above the composer; the text stays."""
    ann.expect_problem("status of 422")
    chat = ann.chat(model="openai/ok")
    chat.composer.fill("Look")
    torn = b"\x89PNG\r\n\x1a\nonly words"
    chat.page.locator(".composer-file").set_input_files([_file("notes.png", torn)])
    errors = chat.page.locator("#composer-errors")
    expect(errors).to_contain_text("“notes.png” is an image that is damaged")
    expect(chat.composer).to_have_value("Look")
    expect(chat.page.locator("#previews li")).to_have_count(0)
    chat.send("Look")
    expect(errors).to_be_empty()


def test_examples_fill_the_composer(ann: Person) -> None:
    """They are an offer, not sent at once."""
    chat = ann.open("/")
    chat.page.get_by_role("button", name=text_of("palindrome")).click()
    expect(chat.composer).to_have_value(re.compile("palindrome"))
    expect(chat.composer).to_be_focused()
