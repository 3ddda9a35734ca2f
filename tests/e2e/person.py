"""Somebody who uses the site in a browser, and what they see.

ann = Person(browser, server.url, limit=15_000)
ann.sign_up()
chat = ann.chat(model="openai/ok")
chat.send("Hello")
chat.reply_is("complete")
"""

import re
from contextlib import closing
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Route,
    expect,
)

from tests.conftest import PASSWORD

DESK: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 844}
_REPORTS: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.effectiveDirective, event.blockedURI, event.sample));
document.addEventListener("htmx:oobErrorNoTarget", ({ detail }) =>
  console.error("No place for", detail.target, detail.content.outerHTML.slice(0, 200)));
"""
_numbers = count(1)


class Person:
    """One browser profile. `problems` is what went wrong in its pages: scripts, policy, requests.

    A test that provokes an error says so before with `expect_problem`.
    """

    def __init__(self, browser: Browser, url: str, *, limit: float, **options: Any) -> None:
        number = next(_numbers)
        self.url = url
        self.name = f"person-{uuid4().hex[:12]}"
        self.problems: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        # Sign-ups are limited by address.
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self._headers = {"X-Forwarded-For": address}
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            **{
                "viewport": DESK,
                "locale": "en-GB",
                "timezone_id": "UTC",
                "reduced_motion": "reduce",
                "extra_http_headers": self._headers,
                **options,
            },
        )
        self.context.set_default_timeout(limit)
        self.context.add_init_script(_REPORTS)
        self.context.on("request", self._saw_request)
        self.context.on("console", self._saw_console)
        self.context.on("weberror", lambda error: self._note(f"script error: {error.error}"))
        self.context.on("dialog", self._saw_dialog)

    def leave(self) -> list[str]:
        """Close all pages; the problems that nobody expected."""
        self.context.close()
        return [
            f"{self.name}: {problem}"
            for problem in self.problems
            if not any(pattern.search(problem) for pattern in self._expected)
        ]

    def expect_problem(self, pattern: str) -> None:
        """What matches is no failure in this test."""
        self._expected.append(re.compile(pattern))

    def sign_up(self) -> None:
        """Make an account without looking at the form."""
        page = self.context.request.get("/accounts/signup/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text())
        assert token
        form: dict[str, str | float | bool] = {
            "username": self.name,
            "email": f"{self.name}@example.org",
            "password1": PASSWORD,
            "csrfmiddlewaretoken": token[1],
        }
        answer = self.context.request.post("/accounts/signup/", form=form, max_redirects=0)
        assert answer.status == 302, answer.text()

    def sign_out_and_in(self, name: str = "") -> None:
        """As in another tab: another session, of this account or of `name`'s, in one moment."""
        browser = self.context.browser
        assert browser
        with closing(
            browser.new_context(base_url=self.url, extra_http_headers=self._headers)
        ) as new:
            page = new.request.get("/accounts/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text())
            assert token
            form: dict[str, str | float | bool] = {
                "login": name or self.name,
                "password": PASSWORD,
                "csrfmiddlewaretoken": token[1],
            }
            answer = new.request.post("/accounts/login/", form=form, max_redirects=0)
            assert answer.status == 302, answer.text()
            self.context.add_cookies(new.cookies())  # type: ignore[arg-type]

    def post(self, path: str, form: dict[str, str | float | bool]) -> str:
        """Send a form of the site without a page; the text of the answer."""
        cookies = {c["name"]: c["value"] for c in self.context.cookies()}
        headers = {"X-CSRFToken": cookies["csrftoken"], "HX-Request": "true"}
        answer = self.context.request.post(path, form=form, headers=headers)
        assert answer.ok, answer.text()
        return answer.text()

    def start(self, text: str, *, model: str = "demo/demo") -> str:
        """Start a chat without a page; its address."""
        address = re.search(
            "/c/[0-9a-f-]{36}/", self.post("/c/", {"content": text, "model": model})
        )
        assert address
        return address[0]

    def open(self, path: str = "/") -> "Chat":
        """A new tab."""
        page = self.context.new_page()
        page.goto(path)
        return Chat(page)

    def chat(self, *, model: str) -> "Chat":
        """A new tab with a new chat."""
        return self.open(f"/?model={model}")

    def _note(self, problem: str) -> None:
        self.problems.append(problem)

    def _saw_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        inside = parts.scheme in {"data", "blob"}
        if not inside and f"{parts.scheme}://{parts.netloc}" != self.url:
            self._note(f"request to another host: {request.url}")

    def _saw_console(self, message: ConsoleMessage) -> None:
        # A page may go while its socket is being opened.
        if "before receiving a handshake response" in message.text:
            return
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}: {message.text} {message.location}")

    def _saw_dialog(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self._note(f"dialog: {dialog.message}")
        dialog.dismiss()


class Chat:
    """One tab with the chat page in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.composer = page.locator("#composer")
        self.send_button = page.locator(".composer-send")
        self.stop_button = page.locator('[data-action="stop"]')
        self.messages = page.locator("article[data-role]")
        self.questions = page.locator('article[data-role="user"]')
        self.replies = page.locator('article[data-role="assistant"]')
        self.sidebar = page.locator("#sidebar")
        self.titles = page.locator(".conversation-link")
        self.toasts = page.locator("#toasts [data-toast]")

    @property
    def reply(self) -> Locator:
        """The last one."""
        return self.replies.last

    @property
    def body(self) -> Locator:
        """Its text."""
        return self.reply.locator(".message-body")

    def send(self, text: str) -> None:
        """Type and press Enter; returns once the question is on the page."""
        before = self.questions.count()
        self.composer.fill(text)
        self.composer.press("Enter")
        expect(self.questions).to_have_count(before + 1)

    def reply_is(self, status: str) -> None:
        """Wait until the last reply has a status."""
        expect(self.reply).to_have_attribute("data-status", status)
        if status not in {"pending", "streaming"}:
            expect(self.reply.locator(".message-facts")).to_be_visible()

    def writes(self, characters: int = 1) -> None:
        """Wait until the last reply is being written and has some length on the page."""
        self.reply_is("streaming")
        self.page.wait_for_function(
            """least => [...document.querySelectorAll('[data-role="assistant"] .message-body')]
                .at(-1)?.textContent.length >= least""",
            arg=characters,
        )

    def length(self) -> int:
        """Characters of the last reply on the page."""
        return len(self.body.text_content() or "")

    def button(self, name: str, *, within: Locator | None = None) -> Locator:
        """By its accessible name."""
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def bodies(self) -> list[str]:
        """Markup of all messages' bodies."""
        found: list[str] = self.page.locator(".message-body").evaluate_all(
            "bodies => bodies.map((body) => body.innerHTML)"
        )
        return found

    def is_at_end(self) -> bool:
        """Whether the end of the page is on the screen."""
        gap: float = self.page.evaluate(
            "() => document.documentElement.scrollHeight - innerHeight - scrollY"
        )
        return gap < 4

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        pixels: int = self.page.evaluate("() => document.scrollingElement.scrollWidth - innerWidth")
        return pixels

    def block(self, pattern: str) -> None:
        """As if the server could not be reached at an address."""

        def abort(route: Route) -> None:
            route.abort("connectionrefused")

        self.page.route(re.compile(pattern), abort)
