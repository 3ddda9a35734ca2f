"""Two people in one chat, each with a browser: inviting, writing, seeing each other, leaving."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import People, text_of
from tests.e2e.person import Chat, Person


def _invite(owner: Person, chat: str, other: Person, role: str) -> None:
    owner.post(f"{chat}people/", {"who": other.name, "role": role})


def _here(chat: Chat, name: str) -> None:
    label = re.compile(f"Here now: .*{name}")
    expect(chat.page.get_by_role("link", name=label)).to_be_visible()


def test_two_people_write_in_one_chat(ann: Person, people: People) -> None:
    """By name, live on both pages, and what one types is left alone when the other writes."""
    ben = people()
    path = ann.start("Plans for the summer", model="openai/echo")
    hers = ann.open(path)
    hers.reply_is("complete")
    hers.page.get_by_role("link", name="People").click()
    hers.page.get_by_label("Username or email address").fill(ben.name)
    hers.page.get_by_role("button", name="Invite").click()
    expect(hers.toasts).to_contain_text(f"{ben.name} takes part now.")
    hers.page.goto(path)
    his = ben.open("/")
    shared = his.sidebar.get_by_role("link", name="Plans for the summer", exact=True)
    shared.click()
    _here(hers, ben.name)
    _here(his, ann.name)

    draft = hers.page.get_by_label("Message", exact=True)
    draft.fill("I am just")
    expect(his.page.locator("#typing")).to_have_text(f"{ann.name} is typing…")
    his.send("What about the sea?")
    his.reply_is("complete")
    expect(hers.page.locator(".message-author")).to_have_text([ben.name])
    expect(hers.page.locator("article[data-role=assistant]")).to_have_count(2)
    expect(hers.page.locator("article[data-role=assistant]").last).to_have_attribute(
        "data-status", "complete"
    )
    expect(draft).to_have_value("I am just")
    expect(draft).to_be_focused()
    draft.press_sequentially(" writing")
    hers.page.keyboard.press("Enter")
    expect(his.page.locator(".message-author").last).to_have_text(ann.name)
    expect(his.page.get_by_text("I am just writing").first).to_be_visible()
    expect(his.page.locator("#typing")).to_have_text("")


def test_role_changes_while_the_page_is_open(ann: Person, people: People) -> None:
    """The composer comes and goes; whoever is removed, or leaves, sees nothing more."""
    ben = people()
    ben.expect_problem("status of 404")
    path = ann.start("Plans", model="openai/echo")
    _invite(ann, path, ben, "reader")
    his = ben.open(path)
    expect(his.page.get_by_text("You can read this chat")).to_be_visible()
    composer = his.page.locator("#composer")
    expect(composer).to_have_count(0)
    hers = ann.open(f"{path}people/")
    row = hers.page.locator(".person", has_text=ben.name)
    row.get_by_role("combobox").select_option("writer")
    row.get_by_role("button", name="Save").click()
    expect(composer).to_be_visible()
    his.send("Thank you")
    his.reply_is("complete")
    hers.page.reload()
    expect(hers.page.get_by_role("row", name=text_of(ben.name))).to_be_visible()
    composer.fill("Not sent yet")
    remove = row.get_by_label(f"Remove {ben.name}")
    place = remove.bounding_box()
    remove.click()
    assert remove.bounding_box() == place
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    expect(his.page.get_by_role("alert").filter(has_text=ann.name)).to_contain_text(
        "You do not take part in this chat any more"
    )
    expect(composer).to_have_value("Not sent yet")
    expect(composer).not_to_be_editable()
    composer.press("Enter")
    expect(his.toasts).to_have_count(0)
    expect(his.sidebar.get_by_role("link", name="Plans")).to_have_count(0)
    his.page.reload()
    expect(his.page.get_by_text("Thank you")).to_have_count(0)


def test_reading_and_leaving_without_script(ann: Person, people: People) -> None:
    """All of it is links and forms."""
    ben = people(java_script_enabled=False)
    path = ann.start("Plans", model="openai/echo")
    _invite(ann, path, ben, "reader")
    page = ben.context.new_page()
    page.goto("/shared/")
    page.get_by_role("main").get_by_role("link", name="Plans").click()
    expect(page.get_by_text("You can read this chat")).to_be_visible()
    page.get_by_role("button", name="Go on in a chat of your own").click()
    expect(page.locator("#composer")).to_be_visible()
    page.goto(f"{path}people/")
    page.get_by_text("Leave this chat").click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("Nobody has invited you to a chat.")).to_be_visible()
