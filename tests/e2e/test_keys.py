"""Keys in the browser: added, tested, renamed, switched, made the default, removed, shared."""

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Person
from tests.e2e.test_accessibility import CONTRAST, check_names, check_structure
from tests.server import Server, manage
from tests.upstream import Upstream

GOOD: Final = "sk-good-key-0123456789-wxyz"
PAGE: Final = "/settings/providers/"
_GROUP: Final = """
from django.contrib.auth.models import Group
from accounts.models import User
Group.objects.create(name="Research").user_set.add(User.objects.get(username="{name}"))
"""


class Keys:
    """One tab with the keys page in it."""

    def __init__(self, person: Person) -> None:
        self.page: Page = person.open(PAGE).page

    def add(self, choice: str, name: str, *, key: str, address: str) -> None:
        """Choose a provider by its name, and fill in the form."""
        self.page.goto(PAGE)
        self.page.get_by_role("link", name=re.compile(f"^{choice}( Needs|$)")).click()
        self.page.get_by_label("Name", exact=True).fill(name)
        self.page.get_by_label("Key", exact=True).fill(key)
        field = self.page.get_by_label("Address")
        if not field.is_visible():
            self.page.get_by_text("More options").click()
        field.fill(address)
        self.page.get_by_role("button", name="Add and test").click()

    def row(self, name: str) -> Locator:
        """One connection."""
        heading = self.page.get_by_role("heading", name=name, exact=True)
        return self.page.locator(".connection", has=heading)

    def press(self, label: str) -> None:
        """A button by its accessible name."""
        self.page.get_by_role("button", name=label, exact=True).click()

    def says(self, text: str | re.Pattern[str]) -> None:
        """What the page announces."""
        expect(self.page.get_by_role("status").filter(has_text=text)).to_be_visible()


def models_of(person: Person, connection: str) -> int:
    """How many models the picker of a new tab offers under a connection's slug."""
    chat = person.open("/")
    chat.page.locator('[data-action="pick-model"]').click()
    chat.page.get_by_role("option").first.wait_for()
    count: int = chat.page.locator(f'[role="option"][data-model^="{connection}/"]').count()
    chat.page.close()
    return count


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_keys_whole_life(size: str, people: People, upstream: Upstream) -> None:
    ann = people(viewport=PHONE) if size == "phone" else people()
    keys, address = Keys(ann), f"{upstream.url}/v1"
    page = keys.page
    keys.add("OpenAI-compatible server", "Work", key=GOOD, address=address)
    keys.says("“Work” was added. It works.")
    expect(keys.row("Work")).to_contain_text("Working")
    expect(keys.row("Work")).to_contain_text("key …wxyz")
    assert GOOD not in page.content()
    assert models_of(ann, "work") > 3

    keys.press("Test Work")
    keys.says("“Work” works.")
    expect(page.get_by_role("button", name="Test Work")).to_be_focused()

    page.get_by_role("link", name="Change Work", exact=True).click()
    expect(page.get_by_label("New key")).to_have_value("")
    page.get_by_label("Name", exact=True).fill("Office")
    page.get_by_role("button", name="Save").click()
    keys.says("Changes saved.")
    expect(keys.row("Office")).to_contain_text("Working")

    keys.press("Switch off Office")
    keys.says("“Office” is switched off.")
    expect(page.get_by_role("button", name="Switch on Office")).to_be_focused()
    assert models_of(ann, "work") == 0
    expect(keys.row("Office")).not_to_contain_text("Working")
    keys.press("Switch on Office")
    keys.says("“Office” is switched on.")
    assert models_of(ann, "work") > 3

    keys.add("Mistral", "Second", key="wrong", address=address)
    keys.says("“Second” was added. It does not work: The provider did not accept the key.")
    keys.says("Incorrect API key provided.")
    expect(keys.row("Second")).to_contain_text("Failing")
    expect(keys.row("Office")).to_contain_text("Default")
    keys.press("Make Second the default")
    keys.says("“Second” is the default now: new chats start with it.")
    expect(keys.row("Second").get_by_text("Default", exact=True)).to_be_visible()
    expect(keys.row("Office").get_by_text("Default", exact=True)).to_have_count(0)
    assert page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth") <= 0

    for name in ("Second", "Office"):
        remove = page.locator(f'summary[aria-label="Remove {name}"]')
        remove.click()
        keys.press(f"Remove {name} for good")
        keys.says(f"“{name}” was removed.")
        expect(keys.row(name)).to_have_count(0)
    assert models_of(ann, "work") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_names_structure_and_contrast(scheme: str, people: People, upstream: Upstream) -> None:
    """With a connection in every state, and of the forms, also with errors in them."""
    ann = people(color_scheme=scheme)
    ann.expect_problem("status of 422")
    keys, address = Keys(ann), f"{upstream.url}/v1"
    page = keys.page
    keys.add("OpenAI", "Good", key=GOOD, address=address)
    keys.add("vLLM", "Bad", key="wrong", address=address)
    keys.add("vLLM", "Off", key=GOOD, address=address)
    keys.press("Switch off Off")
    keys.says("“Off” is switched off.")
    page.locator('summary[aria-label="Remove Good"]').click()
    check(page)
    page.get_by_role("link", name="Change Good").click()
    check(page)
    keys.add("OpenAI", "Good", key="two words", address="ftp://x")
    expect(page.get_by_text("The address must begin with")).to_be_visible()
    check(page)


def check(page: Page) -> None:
    """What every page must have."""
    check_names(page)
    check_structure(page)
    assert page.evaluate(CONTRAST) == []


def test_what_is_wrong_is_said_where_it_is(ann: Person, upstream: Upstream) -> None:
    ann.expect_problem("status of 422")
    keys, address = Keys(ann), f"{upstream.url}/v1"
    page = keys.page
    keys.add("OpenAI", "Mine", key="two words", address=address)
    field = page.get_by_label("Key", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("A key has no spaces"))
    expect(field).to_have_value("")
    expect(page.get_by_label("Address")).to_have_value(address)
    field.fill(f"  {GOOD}  ")
    page.get_by_role("button", name="Add and test").click()
    keys.says("Spaces around the key were removed.")

    keys.add("OpenAI", "Mine", key=GOOD, address=address)
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_text("There is a key of this name already.")).to_be_visible()

    page.goto(PAGE)
    page.get_by_role("link", name="Change Mine").click()
    page.get_by_label("Address").fill("https://elsewhere.example/v1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("New key")).to_be_focused()
    expect(page.get_by_text("enter the key again")).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = "() => document.activeElement.ariaLabel ?? document.activeElement.textContent"
        if page.evaluate(focused).strip() == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_by_keyboard(ann: Person, upstream: Upstream) -> None:
    keys = Keys(ann)
    page = keys.page
    _tab_to(page, "vLLM")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    page.keyboard.type(GOOD)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Address")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type(f"{upstream.url}/v1")
    page.keyboard.press("Enter")
    keys.says("“vLLM” was added. It works.")

    _tab_to(page, "Switch off vLLM")
    page.keyboard.press("Enter")
    keys.says("“vLLM” is switched off.")
    page.keyboard.press("Enter")
    keys.says("“vLLM” is switched on.")
    _tab_to(page, "Remove vLLM")
    page.keyboard.press("Enter")
    _tab_to(page, "Remove vLLM for good")
    page.keyboard.press("Enter")
    keys.says("“vLLM” was removed.")


def test_without_script(people: People, upstream: Upstream) -> None:
    keys = Keys(people(java_script_enabled=False))
    page = keys.page
    keys.add("OpenAI", "Plain", key=GOOD, address=f"{upstream.url}/v1")
    keys.says("“Plain” was added. It works.")
    for label, said in (
        ("Test Plain", "“Plain” works."),
        ("Switch off Plain", "“Plain” is switched off."),
        ("Switch on Plain", "“Plain” is switched on."),
    ):
        keys.press(label)
        keys.says(said)
    page.locator('summary[aria-label="Remove Plain"]').click()
    keys.press("Remove Plain for good")
    keys.says("“Plain” was removed.")


def test_who_was_signed_out_meanwhile_is_asked_to_sign_in(ann: Person, upstream: Upstream) -> None:
    ann.expect_problem("status of 401|Response Status Error Code 401")
    keys = Keys(ann)
    keys.add("OpenAI", "Mine", key=GOOD, address=f"{upstream.url}/v1")
    keys.says("“Mine” was added. It works.")
    ann.context.clear_cookies(name="sessionid")

    keys.press("Test Mine")

    expect(keys.page).to_have_url(re.compile("/accounts/login/"))


def test_an_administrator_shares_with_a_group(
    people: People, own_server: Server, upstream: Upstream
) -> None:
    admin, member, stranger = (people(site=own_server) for _ in range(3))
    made = manage("shell", "-c", _GROUP.format(name=member.name), **own_server.env)
    assert made.returncode == 0, made.stderr

    keys = Keys(admin)
    page = keys.page
    page.get_by_role("link", name=re.compile("^OpenAI-compatible")).click()
    page.get_by_label("Name", exact=True).fill("Shared")
    page.get_by_label("Key", exact=True).fill(GOOD)
    page.get_by_label("Address").fill(f"{upstream.url}/v1")
    group = page.get_by_label("Research")
    expect(group).to_be_hidden()
    page.get_by_label("Members of chosen groups").check()
    group.check()
    page.get_by_role("button", name="Add and test").click()
    keys.says("“Shared” was added. It works.")
    expect(keys.row("Shared")).to_contain_text("For Research")

    seen = Keys(member)
    expect(seen.row("Shared")).to_contain_text("Shared with you")
    expect(seen.row("Shared")).not_to_contain_text("wxyz")
    expect(seen.row("Shared").get_by_role("button")).to_have_count(0)
    assert models_of(member, "shared") > 3
    expect(Keys(stranger).row("Shared")).to_have_count(0)
    assert models_of(stranger, "shared") == 0
    assert models_of(admin, "shared") == 0, "no member"
