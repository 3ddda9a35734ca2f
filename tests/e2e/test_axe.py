"""Every page there is, looked at by axe: no violation of WCAG 2.2 AA, in both themes and widths.

The list of pages is held against the URL configuration: a new address has to be put into one of the
tables below.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import DESK, PHONE, Chat, Person
from tests.files import image
from tests.server import Server

_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN: Final = """async (rules) => {
  const options = { runOnly: rules, resultTypes: ["violations"], preload: false };
  const found = await axe.run({ include: document, exclude: [".help-tooltip"] }, options);
  return found.violations.map(({ id, nodes }) =>
    `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
"""`.help-tooltip` is Django's, in its widget for choosing permissions."""
_SETTLED: Final = """async () => {
  const short = (animation) => animation.effect.getComputedTiming().endTime < 1e4;
  const running = document.getAnimations().filter(short);
  await Promise.allSettled(running.map((animation) => animation.finished));
}"""
"""Colours on their way from one theme to the other have no contrast of their own."""

SIGNED_OUT: Final = {
    "account_signup": "/accounts/signup/",
    "account_login": "/accounts/login/",
    "account_inactive": "/accounts/inactive/",
    "account_reset_password": "/accounts/password/reset/",
    "account_reset_password_done": "/accounts/password/reset/done/",
    "account_reset_password_from_key": "/accounts/password/reset/key/1-wrong/",
    "account_reset_password_from_key_done": "/accounts/password/reset/key/done/",
}
SIGNED_IN: Final = {
    "chats:new": "/",
    "chats:sidebar": "/sidebar/",
    "chats:models": "/models/",
    "chats:archive": "/archive/",
    "chats:shared_with_me": "/shared/",
    "chats:search": "/search/?q=hello",
    "chats:chats": "/chats/",
    "chats:folders": "/folders/",
    "chats:new_folder": "/folders/new/",
    "chats:tags": "/tags/",
    "accounts:general": "/settings/",
    "chats:data": "/settings/data/",
    "chats:imports": "/import/",
    "chats:shares": "/settings/shares/",
    "accounts:account": "/settings/account/",
    "account_change_password": "/accounts/password/change/",
    "chats:templates": "/templates/",
    "chats:new_template": "/templates/new/",
    "chats:presets": "/presets/",
    "chats:new_preset": "/presets/new/",
    "notifications:list": "/notifications/",
    "providers:keys": "/settings/providers/",
    "providers:add_key": "/settings/providers/add/openai/",
    "providers:status": "/settings/providers/status/",
}
OF_A_CHAT: Final = {
    "chats:conversation": "/c/{chat}/",
    "chats:messages": "/c/{chat}/messages/",
    "chats:menu": "/c/{chat}/menu/",
    "chats:rename": "/c/{chat}/rename/",
    "chats:people": "/c/{chat}/people/",
    "chats:settings": "/c/{chat}/settings/",
    "chats:move_to_folder": "/c/{chat}/folder/",
    "chats:set_tags": "/c/{chat}/tags/",
    "chats:export_one": "/c/{chat}/export/",
    "chats:edit": "/m/{question}/edit/",
    "chats:more": "/m/{reply}/more/",
    "chats:attachment_text": "/attachments/{file}/text/",
}
OF_FOLDERS: Final = {
    "chats:folders": "/folders/",
    "chats:folder": "/folders/{folder}/",
    "chats:folder_menu": "/folders/{folder}/menu/",
    "chats:folder_settings": "/folders/{folder}/settings/?delete=1",
    "chats:move_to_folder": "/c/{chat}/folder/",
    "chats:tags": "/tags/",
    "chats:tag": "/tags/{tag}/",
    "chats:tag_settings": "/tags/{tag}/settings/",
    "chats:set_tags": "/c/{chat}/tags/",
}
OF_THE_LIBRARY: Final = {
    "chats:templates": "/templates/",
    "chats:template": "/templates/{template}/",
    "chats:use_template": "/templates/{template}/use/",
    "chats:presets": "/presets/",
    "chats:preset": "/presets/{preset}/",
    "chats:use_preset": "/presets/{preset}/use/",
}
OF_SHARES: Final = {
    "chats:share": "/c/{chat}/share/?message={reply}",
    "chats:share_link": "/c/{chat}/share/{link}/",
    "chats:shares": "/settings/shares/",
    "chats:shared": "/s/{token}/",
    "chats:continue_shared": "/s/{token}/continue/",
}
NO_PAGES: Final = {
    "chats:delete_folder", "chats:delete_tag", "chats:folder_inside", "chats:move_folder",
    "chats:change-chats", "chats:restore-chats", "chats:unarchive-chats",
    "account_logout", "account_set_password", "accounts:sign_out_elsewhere", "chats:apply_preset",
    "chats:archive-all", "chats:attachment", "chats:attachment_state", "chats:branch",
    "chats:bring-back", "chats:choose", "chats:continue", "chats:copy_preset",
    "chats:copy_template", "chats:delete", "chats:delete-all", "chats:delete-archived",
    "chats:delete_from", "chats:delete_preset", "chats:delete_template", "chats:discard",
    "chats:leave", "chats:member", "chats:remove_member",
    "chats:export", "chats:export_progress", "chats:cancel_import", "chats:start_import",
    "chats:undo_import",
    "chats:end", "chats:footer", "chats:keep", "chats:message", "chats:model", "chats:pin",
    "chats:put-away", "chats:rate", "chats:raw", "chats:regenerate", "chats:restore",
    "chats:restore-deletion", "chats:retry", "chats:seen", "chats:start", "chats:stay",
    "chats:stop", "chats:stop_all", "chats:switch", "chats:thumbnail", "chats:undo_preset",
    "chats:unpin", "chats:upload", "notifications:banner", "notifications:follow",
    "notifications:read", "notifications:read_all", "notifications:read_announcement",
    "notifications:toast", "providers:cancel_download", "providers:change_key",
    "providers:delete_key", "providers:disable_key", "providers:downloads",
    "providers:enable_key", "providers:environment_downloads", "providers:make_default",
    "providers:refresh", "providers:test_key",
    "chats:refresh_link", "chats:revoke_link", "chats:shared_file", "chats:shared_thumbnail",
}  # fmt: skip
"""Only forms are posted there, or they answer with something that is no page of its own."""
ELSEWHERE: Final = {"chats:import"}
"""Looked at by tests/e2e/test_importing.py."""


def addresses(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """Names of all addresses but those of Django's administration."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver) and entry.app_name != "admin":
            yield from addresses(entry, f"{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}"


def check(page: Page, what: str) -> None:
    """As the page is now: light on a desk, dark on a phone."""
    page.evaluate(AXE_SCRIPT)
    for scheme, viewport in (("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        page.evaluate(_SETTLED)
        found: list[str] = page.evaluate(_RUN, _RULES)
        assert found == [], f"{what}, {scheme}:\n" + "\n".join(found)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


def a_chat(person: Person) -> tuple[Chat, dict[str, str]]:
    """A chat with files and all that a reply can hold, and the ids of its parts."""
    chat = person.chat(model="demo/demo")
    files: list[FilePayload] = [
        {"name": "sales.csv", "mimeType": "text/csv", "buffer": b"month,sum\nMay,7\n"},
        {"name": "sea.jpg", "mimeType": "image/jpeg", "buffer": image(640, 480)},
    ]
    chat.page.set_input_files(".composer-file", files)
    expect(chat.page.locator("#previews")).to_contain_text("tokens")
    chat.send("Show code, a table, steps and a formula")
    chat.reply_is("complete")
    ids = {
        "chat": re.findall(r"/c/([0-9a-f-]{36})/", chat.page.url)[0],
        "question": str(chat.questions.last.get_attribute("data-message")),
        "reply": str(chat.reply.get_attribute("data-message")),
        "file": re.findall(r"/attachments/([0-9a-f-]{36})/text/", chat.page.content())[0],
    }
    return chat, ids


def test_every_address_is_known_here() -> None:
    """As a page to look at, or as none."""
    pages = {*SIGNED_OUT, *SIGNED_IN, *OF_A_CHAT, *OF_FOLDERS, *OF_THE_LIBRARY, *OF_SHARES}
    assert set(addresses(get_resolver())) == pages | NO_PAGES | ELSEWHERE
    assert not pages & NO_PAGES


def test_pages_of_strangers(people: People) -> None:
    """Signing in and up, and a page that is not there."""
    stranger = people(signed_up=False)
    stranger.expect_problem("status of 404")
    page = stranger.open("/accounts/login/").page
    for name, path in {**SIGNED_OUT, "404": "/nowhere/"}.items():
        page.goto(path)
        check(page, name)


def test_pages(ann: Person) -> None:
    """Of somebody who is signed in and has nothing yet."""
    page = ann.open("/").page
    for name, path in SIGNED_IN.items():
        page.goto(path)
        check(page, name)


def test_pages_of_a_chat(ann: Person) -> None:
    """And what opens on them."""
    chat, ids = a_chat(ann)
    check(chat.page, "a reply of everything")
    for name, path in OF_A_CHAT.items():
        chat.page.goto(path.format(**ids))
        check(chat.page, name)
    chat.page.goto(f"/c/{ids['chat']}/")
    for opener, closer in OPENED.items():
        chat.page.locator(opener).last.click()
        chat.page.locator(closer).first.wait_for(state="visible")
        check(chat.page, opener)
        chat.page.keyboard.press("Escape")


def test_pages_of_folders(ann: Person) -> None:
    """With a chat in an open folder, and with tags of every colour on it."""
    address = ann.start("Filed")
    page = ann.open("/folders/new/").page
    page.get_by_label("Name").fill("Work")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Work")).to_be_visible()
    folder = re.findall(r"/folders/([0-9a-f-]{36})/$", page.url)[0]
    ann.post(f"{address}folder/", {"folder": folder})
    for number in range(9):
        page.goto(f"{address}tags/")
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_label("New tag").fill(f"Tag {number}")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(f"**{address}")
    page.goto("/tags/")
    tag = page.locator(".tag-row > a.tag").first.get_attribute("href")
    ids = {"folder": folder, "chat": address.split("/")[2], "tag": str(tag).split("/")[2]}
    for name, path in OF_FOLDERS.items():
        page.goto(path.format(**ids))
        check(page, name)


def test_pages_of_shares(ann: Person) -> None:
    """A link to a chat of everything: for its owner, and as others see it."""
    chat, ids = a_chat(ann)
    form = {"title": "Shared", "audience": "public", "expiry": "30", "shows_name": "on"}
    made = ann.post(f"/c/{ids['chat']}/share/", {**form})
    ids["link"] = re.findall(r"/share/([0-9a-f-]{36})/", made)[0]
    ids["token"] = re.findall(r"/s/([\w-]{43})/", made)[0]
    for name, path in OF_SHARES.items():
        chat.page.goto(path.format(**ids))
        check(chat.page, name)


def test_pages_of_the_library(ann: Person) -> None:
    """With a template and a preset, and the list that a slash opens."""
    text = "Write to {{name}} on {{day:date}}: {{words:long}} {{tone:choice(kind|firm)}}"
    ann.post("/templates/new/", {"name": "Letter", "content": text})
    ann.post("/presets/new/", {"name": "Sober", "model": "demo/demo"})
    ids = {
        kind: re.findall(rf"/{kind}s/([0-9a-f-]{{36}})/", ann.open(f"/{kind}s/").page.content())[0]
        for kind in ("template", "preset")
    }
    page = ann.open("/").page
    for name, path in OF_THE_LIBRARY.items():
        page.goto(path.format(**ids))
        check(page, name)
    page.goto("/")
    page.locator("#composer").press_sequentially("/Let")
    page.get_by_role("option", name="Letter").wait_for(state="visible")
    check(page, "the list of templates")
    page.keyboard.press("Enter")
    page.get_by_label("name", exact=True).wait_for(state="visible")
    check(page, "the form of a template")


def test_temporary_chat(ann: Person) -> None:
    page = ann.open("/?temporary=1").page
    check(page, "a temporary chat")


OPENED: Final = {
    '[data-action="pick-model"]': "#model-options [role=option]",
    '.topbar > [popovertarget="conversation-settings"]': "#settings-form",
    '[data-role="assistant"] [data-action="message-menu"]': "#message-menu .menu-item",
    '[popovertarget="account-menu"]': "#account-menu .menu-item",
    "#bell": "#notifications h2, #notifications p",
    ".conversation-more": "#chat-menu .menu-item",
}
"""What opens on the page of a chat, by what opens it, and something that is seen then."""


def administration() -> list[str]:
    """The index, and list and form of every model."""
    paths = ["/admin/"]
    for model in admin.site._registry:
        meta = model._meta
        paths.append(f"/admin/{meta.app_label}/{meta.model_name}/")
    return paths


def test_administration(people: People, own_server: Server) -> None:
    """The first to sign up administers the site."""
    boss = people(site=own_server)
    page = boss.open("/admin/").page
    for path in administration():
        page.goto(path)
        check(page, path)
        add: Any = page.locator(".addlink").first
        if path != "/admin/" and add.count():
            page.goto(f"{path}add/")
            check(page, f"{path}add/")
