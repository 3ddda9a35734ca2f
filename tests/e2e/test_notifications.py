"""What somebody is told of what happens where they do not look."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Chat, Person
from tests.server import Server

HOSTILE: Final = '<img src=x onerror="window.__pwned=1"> “&amp;” \u202etea'
SOON: Final = "openai/fast-120@30"
"""A model whose reply takes four seconds or so."""
_HIDING: Final = """
window.__hidden = false;
Object.defineProperty(Document.prototype, "hidden", { get: () => window.__hidden });
"""
_SPY: Final = """
window.__asked = 0;
window.__shown = [];
window.Notification = class {
  static get permission() {
    return window.__permission ?? localStorage.getItem("spy") ?? "default";
  }
  static async requestPermission() {
    window.__asked += 1;
    if (this.permission === "default") localStorage.setItem("spy", "granted");
    return this.permission;
  }
  constructor(title, options) {
    window.__shown.push({ title, ...options });
    window.__last = this;
  }
  close() {}
};
"""


def hide(page: Page, *, hidden: bool = True) -> None:
    """As if another window covered the page, or no longer."""
    page.evaluate(
        """(hidden) => {
          window.__hidden = hidden;
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def bell(chat: Chat) -> Locator:
    """With its count in its name."""
    return chat.page.locator("#bell")


def mark(chat: Chat, address: str) -> Locator:
    """The unread mark of a chat in the sidebar."""
    return chat.page.locator(f"#unread-{address.split('/')[2]}")


def name_of(locator: Locator) -> str:
    """What screen readers call it."""
    snapshot = locator.aria_snapshot()
    return snapshot.split('"')[1]


@pytest.fixture
def pages(ann: Person) -> Callable[[str], Chat]:
    """Opens tabs of Ann's that can be hidden, and whose browser notifications are looked at."""
    ann.context.add_init_script(_HIDING + _SPY)
    return ann.open


def test_a_reply_that_ends_in_another_chat(ann: Person, pages: Callable[[str], Chat]) -> None:
    """Mark, toast, count and title on all other pages; opening it takes them from all."""
    kept = ann.start("Kept")
    home, chat = pages("/"), pages(kept)
    chat.reply_is("complete")
    told = ann.start(HOSTILE, model="openai/ok")
    for tab in (home, chat):
        expect(tab.toasts).to_have_count(1)
        expect(tab.toasts).to_contain_text("<img src=x")
        expect(mark(tab, told)).to_be_visible()
        expect(mark(tab, kept)).to_have_count(0)
        assert name_of(bell(tab)) == "Notifications unread: 1"
        link = tab.page.locator(f'a[href="{told}"]')
        expect(link).to_have_accessible_description("Unread")
    expect(home.page).to_have_title("(1) New chat · Parley")
    expect(chat.page).to_have_title("(1) Kept · Parley")
    expect(home.composer).to_be_focused()
    home.toasts.get_by_role("link", name="Open").click()
    expect(home.reply).to_have_attribute("data-status", "complete")
    for tab in (home, chat):
        expect(mark(tab, told)).to_have_count(0)
        expect(tab.page.locator("#unread-count")).to_be_hidden()
        assert name_of(bell(tab)) == "Notifications"
    expect(chat.page).to_have_title("Kept · Parley")
    assert not home.page.evaluate("window.__pwned")
    assert not chat.page.evaluate("window.__pwned")


def test_a_chat_that_is_looked_at_is_no_news_and_a_hidden_one_is(
    ann: Person, pages: Callable[[str], Chat]
) -> None:
    """Looking at the page again is enough to take the news away, in other tabs as well."""
    other = pages(ann.start("Other"))
    shown = pages("/?model=openai/ok")
    shown.send("Seen")
    shown.reply_is("complete")
    hidden = pages(f"/?model={SOON}")
    hidden.send("Not seen")
    hidden.writes()
    hide(hidden.page)
    hidden.reply_is("complete")
    expect(other.toasts).to_have_count(1)
    expect(other.toasts).to_contain_text("“Not seen”")
    address = hidden.page.url.removeprefix(ann.url)
    expect(mark(other, address)).to_be_visible()
    expect(other.page.locator(".unread-mark")).to_have_count(1)
    hide(hidden.page, hidden=False)
    expect(mark(other, address)).to_have_count(0)
    expect(mark(hidden, address)).to_have_count(0)
    expect(other.page.locator("#unread-count")).to_be_hidden()


def test_the_panel_by_keyboard(ann: Person, pages: Callable[[str], Chat]) -> None:
    """Open, read one, read all, close: the focus is always somewhere that makes sense."""
    for title in ("First", "Second", "Third"):
        ann.start(title, model="openai/ok")
    chat = pages("/")
    page = chat.page
    expect(page.locator("#unread-count [data-count]")).to_have_text("3")
    bell(chat).press("Enter")
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel).to_be_visible()
    expect(bell(chat)).to_have_attribute("aria-expanded", "true")
    expect(panel.get_by_role("link").first).to_be_focused()
    page.get_by_role("button", name="Mark ““Second”: the reply is ready.” as read").press("Enter")
    expect(page.locator("#unread-count [data-count]")).to_have_text("2")
    expect(panel.get_by_role("link", name="Second")).to_be_focused()
    expect(panel.locator(".notification-unread")).to_have_count(2)
    panel.get_by_role("button", name="Mark all as read").press("Enter")
    expect(panel.locator(".notification-unread")).to_have_count(0)
    expect(panel.get_by_role("listitem")).to_have_count(3)
    expect(page.locator("#unread-count")).to_be_hidden()
    expect(page.locator(".unread-mark")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell(chat)).to_be_focused()


def test_the_panel_on_a_phone(people: People) -> None:
    """From the drawer; what opens the drawer says that something is there."""
    ann = people(viewport=PHONE, has_touch=True)
    told = ann.start("On the way", model="openai/ok")
    chat = ann.open("/")
    expect(chat.toasts.or_(mark(chat, told)).first).to_be_attached()
    chat.page.get_by_role("button", name="Show the sidebar").click()
    bell(chat).click()
    panel = chat.page.get_by_role("dialog", name="Notifications")
    expect(panel.get_by_role("link", name="On the way")).to_be_in_viewport(ratio=1)
    assert chat.overflow() == 0
    panel.get_by_role("link", name="On the way").click()
    expect(chat.page).to_have_url(f"{ann.url}{told}")
    expect(chat.page.locator("#unread-count")).to_be_hidden()


def _spied(page: Page, name: str) -> Any:
    return page.evaluate(f"window.__{name}")


def test_the_browser_tells_once_and_only_of_what_no_page_shows(
    ann: Person, pages: Callable[[str], Chat]
) -> None:
    """Asked for by a button, never before; of two hidden pages one says it."""
    one, two = pages("/"), pages(ann.start("Kept"))
    ann.start("Before", model="openai/ok")
    expect(one.toasts).to_have_count(1)
    bell(one).click()
    allow = one.page.get_by_role("button", name="Allow in this browser")
    expect(allow).to_be_visible()
    assert _spied(one.page, "asked") == _spied(two.page, "asked") == 0
    allow.click()
    expect(one.page.get_by_role("button", name="Turn off")).to_be_focused()
    assert _spied(one.page, "asked") == 1
    one.page.keyboard.press("Escape")
    # In sight of one page: that page says it, the browser does not.
    hide(one.page)
    ann.start("In sight", model="openai/ok")
    expect(two.toasts.filter(has_text="In sight")).to_have_count(1)
    expect(one.page.locator("#unread-count [data-count]")).to_have_text("2")
    hide(two.page)
    told = ann.start(HOSTILE, model="openai/ok")
    one.page.wait_for_function("() => document.title.startsWith('(3)')")
    two.page.wait_for_function("() => document.title.startsWith('(3)')")
    _until(lambda: len(_spied(one.page, "shown") + _spied(two.page, "shown")), 1, one.page)
    teller = one if _spied(one.page, "shown") else two
    (shown,) = _spied(teller.page, "shown")
    assert shown["title"] == "Parley"
    # Nothing that turns the words around it.
    title = HOSTILE.replace("\N{RIGHT-TO-LEFT OVERRIDE}", "")
    assert shown["body"] == f"“{title}”: the reply is ready."
    with teller.page.expect_navigation():
        teller.page.evaluate("window.__last.onclick()")
    expect(teller.page).to_have_url(f"{ann.url}{told}")
    assert not teller.page.evaluate("window.__pwned")


def _until(found: Callable[[], int], wanted: int, page: Page) -> None:
    """Wait until a number is reached, which it must not pass."""
    for _ in range(100):
        if found() >= wanted:
            break
        page.wait_for_timeout(50)
    assert found() == wanted


def test_what_the_browser_denies_is_explained(ann: Person, pages: Callable[[str], Chat]) -> None:
    """And nobody is asked again."""
    ann.context.add_init_script("window.__permission = 'denied'")
    chat = pages("/notifications/")
    expect(chat.page.get_by_text("was told not to show notifications")).to_be_visible()
    expect(chat.page.get_by_role("button", name="Allow in this browser")).to_be_hidden()
    assert _spied(chat.page, "asked") == 0


def test_an_announcement_stands_on_all_pages_until_it_is_dismissed(
    people: People, own_server: Server
) -> None:
    """It comes while pages are open; who dismisses it in one tab is rid of it in all."""
    admin, bob = people(site=own_server), people(site=own_server)
    chat, other, of_admin = bob.open("/"), bob.open(bob.start("Kept")), admin.open("/")
    other.reply_is("complete")
    for tab in (chat, of_admin):
        tab.page.wait_for_load_state("networkidle")
    token = admin.context.request.get("/admin/accounts/announcement/add/")
    assert token.ok
    admin.post(
        "/admin/accounts/announcement/add/",
        {"title": "Maintenance", "text": HOSTILE, "ends_at_0": "", "ends_at_1": ""},
    )
    for tab in (chat, other, of_admin):
        banner = tab.page.get_by_role("region", name="Announcement")
        expect(banner).to_contain_text("Maintenance")
        expect(banner).to_contain_text("<img src=x")
        expect(tab.page.locator("#unread-count [data-count]")).to_have_text("1")
        assert name_of(bell(tab)) == "Notifications unread: 1"
        assert tab.overflow() == 0
    chat.button("Dismiss “Maintenance”").press("Enter")
    expect(chat.page.get_by_role("region", name="Announcement")).to_have_count(0)
    expect(chat.composer).to_be_focused()
    expect(other.page.get_by_role("region", name="Announcement")).to_have_count(0)
    expect(other.page.locator("#unread-count")).to_be_hidden()
    expect(of_admin.page.get_by_role("region", name="Announcement")).to_be_visible()
    chat.page.reload()
    expect(chat.composer).to_be_visible()
    expect(chat.page.get_by_role("region", name="Announcement")).to_have_count(0)
    assert not chat.page.evaluate("window.__pwned")


def test_a_page_has_one_socket_and_asks_for_the_list_once(
    ann: Person, pages: Callable[[str], Chat]
) -> None:
    """A chat that begins takes the place of the page's own; a hidden page asks when looked at."""
    page = ann.context.new_page()
    sockets: list[WebSocket] = []
    asked: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108  built-ins cannot
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_websocket(lambda socket: socket.url.endswith("/ws/user/")) as opened:
        page.goto("/?model=openai/ok")
    with opened.value.expect_event("close"):
        chat = Chat(page)
        chat.send("Hello")
    chat.reply_is("complete")
    assert len(sockets) == 2
    assert [socket.is_closed() for socket in sockets] == [True, False]
    tell = """() => { for (let n = 0; n < 20; n += 1) document.dispatchEvent(
      new CustomEvent("parley:told", { detail: { t: "sidebar" } })); }"""
    page.wait_for_load_state("networkidle")
    asked.clear()
    with page.expect_response("**/sidebar/"):
        page.evaluate(tell)
    hide(page)
    page.evaluate(tell)
    with page.expect_response("**/sidebar/"):
        hide(page, hidden=False)
    assert sum(url.endswith("/sidebar/") for url in asked) == 2


def test_after_a_time_without_a_socket_all_is_right(people: People, own_server: Server) -> None:
    """What ended while the server was away is there when the page hears of it again."""
    ann = people(site=own_server)
    ann.expect_problem("WebSocket|ERR_CONNECTION_REFUSED|Failed to load resource")
    chat = ann.open("/")
    chat.page.wait_for_load_state("networkidle")
    told = ann.start("While away", model="openai/fast-500@50")
    expect(chat.titles).to_have_text(["While away"])
    own_server.kill9()
    own_server.start()
    expect(mark(chat, told)).to_be_visible()
    expect(chat.page.locator("#unread-count [data-count]")).to_have_text("1")
