"""What a message's menu does: asking another model, branching off, deleting from here."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person
from tests.e2e.test_accessibility import CONTRAST, check_names


def more(chat: Chat, message: Locator) -> Locator:
    """Open the menu of a message."""
    message.hover()
    chat.button("More", within=message).click()
    menu = chat.page.locator("#message-menu")
    expect(menu).to_be_visible()
    return menu


def talk(ann: Person, *texts: str, model: str = "openai/echo") -> Chat:
    """A chat with these questions and their replies."""
    chat = ann.chat(model=model)
    for text in texts:
        chat.send(text)
        chat.reply_is("complete")
    return chat


def test_regenerate_with_another_model(ann: Person) -> None:
    """Once: the answer is another version, and the chat's own model stays."""
    chat = talk(ann, "Say it")
    page = chat.page
    more(chat, chat.reply).get_by_role("button", name="Regenerate with another model").click()
    expect(page.get_by_role("combobox", name="Search models")).to_be_focused()
    expect(page.get_by_role("option", selected=True)).to_contain_text("echo")
    page.keyboard.type("demo/demo")
    page.keyboard.press("Enter")
    expect(chat.reply.locator(".branch-count")).to_have_text("2/2")
    chat.reply_is("complete")
    expect(chat.reply.locator(".message-facts")).to_contain_text("demo")
    expect(page.locator("#model-button")).to_contain_text("echo")
    page.locator("#model-button").click()
    expect(page.get_by_role("option", selected=True)).to_contain_text("echo")
    page.keyboard.press("Escape")
    chat.send("And on")
    chat.reply_is("complete")
    expect(chat.body).to_have_text("And on")


def test_delete_from_here_is_seen_in_every_tab(ann: Person) -> None:
    """After a question; the other tab ends where this one does and can be answered."""
    chat = talk(ann, "One", "Two")
    other = ann.open(chat.page.url)
    expect(other.messages).to_have_count(4)
    menu = more(chat, chat.questions.last)
    confirm = chat.button("Delete", within=menu)
    expect(confirm).to_be_hidden()
    menu.get_by_text("Delete from here").click()
    expect(menu).to_contain_text("This message and 1 message below it")
    confirm.click()
    expect(menu).to_be_hidden()
    expect(chat.toasts).to_contain_text("2 messages were deleted.")
    expect(chat.messages).to_have_count(2)
    expect(other.messages).to_have_count(2)
    other.send("Three")
    other.reply_is("complete")
    expect(chat.messages).to_have_count(4)


def test_question_without_a_reply_asks_for_one(ann: Person) -> None:
    """Where the reply was deleted, and nowhere else."""
    chat = talk(ann, "One", "Two")
    ask = chat.button("Ask for a reply")
    expect(ask.last).to_be_hidden()
    more(chat, chat.reply).get_by_text("Delete from here").click()
    chat.button("Delete", within=chat.page.locator("#message-menu")).click()
    expect(chat.messages).to_have_count(3)
    expect(ask.last).to_be_visible()
    ask.last.click()
    chat.reply_is("complete")
    expect(chat.body).to_have_text("Two")
    expect(chat.messages).to_have_count(4)
    expect(ask.last).to_be_hidden()


def test_delete_while_it_is_written(ann: Person) -> None:
    """The reply is stopped and leaves nothing behind, in no tab."""
    chat = talk(ann, "One")
    chat.page.goto(chat.page.url)
    chat.page.locator("#model-button").click()
    expect(chat.page.get_by_role("combobox", name="Search models")).to_be_focused()
    chat.page.keyboard.type("openai/slow")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator("#model-button")).to_contain_text("slow")
    chat.send("Two")
    chat.writes()
    other = ann.open(chat.page.url)
    other.writes()
    menu = more(chat, chat.questions.last)
    menu.get_by_text("Delete from here").click()
    chat.button("Delete", within=menu).click()
    expect(chat.messages).to_have_count(2)
    expect(other.messages).to_have_count(2)
    expect(other.toasts).to_have_count(0)
    chat.send("Three")
    chat.writes()


def test_first_message_takes_the_chat_with_a_way_back(ann: Person) -> None:
    """Nothing is lost by it."""
    chat = talk(ann, "Only this")
    menu = more(chat, chat.questions.first)
    menu.get_by_text("Delete from here").click()
    expect(menu).to_contain_text("the whole chat is deleted")
    chat.button("Delete", within=menu).click()
    expect(chat.page).to_have_url(re.compile(r"/$"))
    chat.button("Undo", within=chat.toasts).click()
    chat.titles.get_by_text("Only this").click()
    expect(chat.messages).to_have_count(2)


def test_branch_into_a_new_chat(ann: Person) -> None:
    """With all up to the message; the old chat stays as it is."""
    chat = talk(ann, "One", "Two")
    before = chat.page.url
    menu = more(chat, chat.replies.first)
    chat.button("Branch into a new chat", within=menu).click()
    expect(chat.page).not_to_have_url(before)
    expect(chat.messages).to_have_count(2)
    expect(chat.titles.first).to_have_text("One (branch)")
    chat.send("Elsewhere")
    chat.reply_is("complete")
    chat.page.goto(before)
    expect(chat.messages).to_have_count(4)


def test_keys(ann: Person) -> None:
    """Enter opens it at its first entry, Escape returns; so does a second click close it."""
    chat = talk(ann, "One")
    page = chat.page
    opener = chat.button("More", within=chat.reply)
    opener.focus()
    page.keyboard.press("Enter")
    first = page.get_by_role("button", name="Regenerate with another model")
    expect(first).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "true")
    page.get_by_text("Delete from here").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(chat.button("Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(first).to_be_focused()
    first.press("Enter")
    expect(page.get_by_role("combobox", name="Search models")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.click()
    expect(first).to_be_visible()
    opener.click()
    expect(first).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(people: People, scheme: str) -> None:
    """Targets for a thumb, names, contrast, and nothing beside the screen."""
    ann = people(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme)
    chat = ann.chat(model="openai/echo")
    chat.composer.fill("One")
    chat.send_button.tap()
    chat.reply_is("complete")
    menu = more(chat, chat.reply)
    menu.get_by_text("Delete from here").click()
    for control in menu.locator("a, button, summary").filter(visible=True).all():
        place = control.bounding_box()
        assert place
        assert place["height"] >= 44
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= PHONE["width"]
    assert chat.overflow() <= 0
    check_names(chat.page)
    assert chat.page.evaluate(CONTRAST) == []


def test_without_script(people: People) -> None:
    """Pages and forms do the same."""
    ann = people(java_script_enabled=False)
    page = ann.open("/").page
    page.locator("#composer").fill("One")
    page.locator(".composer-send").click()
    page.get_by_role("button", name="More").first.wait_for()
    page.reload()
    page.locator("article[data-role=assistant][data-status=complete]").wait_for()
    chat = page.url.partition("#")[0]
    reply = page.locator("article[data-role=assistant]")
    reply.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Regenerate with another model").click()
    page.get_by_role("button", name=re.compile("echo")).first.click()
    expect(reply.locator(".branch-count")).to_have_text("2/2")
    page.goto(chat)
    page.locator("article[data-role=user]").get_by_role("button", name="More").click()
    page.get_by_role("button", name="Branch into a new chat").click()
    expect(page.locator("article")).to_have_count(1)
    page.goto(chat)
    reply.get_by_role("button", name="More").click()
    page.get_by_text("Delete from here").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(reply.locator(".branch-count")).to_have_count(0)
