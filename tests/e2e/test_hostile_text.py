"""Hostile text in everything that a model, a provider or a user can write.

Nothing runs, nothing is asked of another host, and the content policy has nothing to report: it
is the last line of defence and must not be the one that holds. `people` watches the latter two.
"""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from chats.texts import clean_title
from tests.data.payloads import ALL_IN_ONE, FLAG, LINES, PAYLOADS
from tests.e2e.person import Chat, Person

_ELEMENTS_THAT_ACT = """() => [...document.querySelectorAll(".message-body *")]
  .filter((element) => element.matches(`script, img, iframe, style, link, form, svg:not(.icon),
    object, embed, base, meta, video, [style], [id]`))
  .map((element) => element.outerHTML)"""
_HANDLERS = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  [...element.attributes].filter(({ name, value }) =>
    name.startsWith("on") || name.startsWith("hx-on") || /^\\s*(javascript|vbscript):/i.test(value))
  .map(({ name, value }) => `${element.tagName} ${name}=${value}`))"""


def nothing_acts(page: Page) -> None:
    """No script ran, and nothing is on the page that could run or load one later."""
    assert page.evaluate(f"() => window.{FLAG}") is None
    assert page.evaluate(_ELEMENTS_THAT_ACT) == []
    assert page.evaluate(_HANDLERS) == []


def nothing_happened(chat: Chat) -> None:
    """Neither that, nor was anything opened or taken away."""
    page = chat.page
    nothing_acts(page)
    assert len(page.context.pages) == 1
    expect(chat.composer).to_have_count(1)
    expect(chat.sidebar).to_be_visible()


def use_everything(chat: Chat) -> None:
    """Touch what reacts to being touched."""
    for element in chat.page.locator(".message-body *:visible").all()[:80]:
        element.dispatch_event("mouseover")
        element.dispatch_event("focus")
        element.dispatch_event("toggle")


@pytest.fixture
def ann(ann: Person) -> Iterator[Person]:
    """Whoever is attacked; afterwards nobody has reached another host."""
    yield ann
    hosts = [problem for problem in ann.problems if "another host" in problem]
    assert hosts == []


def test_reply_one_character_at_a_time(ann: Person) -> None:
    """Every payload, split wherever it can be, while it is streamed and after a reload."""
    chat = ann.chat(model="openai/echo-chars")
    middle = len(PAYLOADS) // 2
    for part in (PAYLOADS[:middle], PAYLOADS[middle:]):
        chat.send("\n\n".join(part))
        chat.writes(100)
        nothing_happened(chat)
        chat.reply_is("complete")
        nothing_happened(chat)
    streamed = chat.bodies()
    use_everything(chat)
    chat.page.reload()
    nothing_happened(chat)
    assert chat.bodies() == streamed


def test_question_and_reply_in_one_piece(ann: Person) -> None:
    """The bubble shows what was typed, letter for letter; the reply shows nothing that acts."""
    chat = ann.chat(model="openai/echo-whole")
    chat.send(ALL_IN_ONE)
    chat.reply_is("complete")
    nothing_happened(chat)
    use_everything(chat)
    nothing_happened(chat)
    expect(chat.questions.locator(".message-body")).to_contain_text(LINES[0])
    chat.questions.get_by_role("link", name="Edit").click()
    expect(chat.page.get_by_label("Your message")).to_contain_text(LINES[0])
    nothing_happened(chat)


def test_links_of_a_reply(ann: Person) -> None:
    """Only to web pages and mail, without telling from where or handing over the window."""
    chat = ann.chat(model="openai/echo-whole")
    chat.send(ALL_IN_ONE)
    chat.reply_is("complete")
    links = chat.body.locator("a[href]")
    assert links.count() > 3
    for link in links.all():
        assert str(link.get_attribute("href")).startswith(("https://", "http://", "mailto:"))
        rel = str(link.get_attribute("rel")).split()
        assert {"noopener", "noreferrer", "nofollow"} <= set(rel)


def test_reasoning(ann: Person) -> None:
    """It is plain text, live and later."""
    chat = ann.chat(model="openai/echo-reasoning")
    chat.send(ALL_IN_ONE)
    chat.reply_is("complete")
    for _ in range(2):
        chat.reply.locator(".reasoning summary").click()
        reasoning = chat.reply.locator(".reasoning-text")
        expect(reasoning).to_contain_text(LINES[0])
        expect(reasoning.locator("*")).to_have_count(0)
        nothing_happened(chat)
        chat.page.reload()


def test_titles(ann: Person) -> None:
    """In the sidebar, the window's title, the form to rename, the menus, a deletion's toast."""
    titles = LINES[::4]
    for title in titles:
        address = ann.start(title, model="openai/ok")
        ann.post(f"{address}rename/", {"title": title})
    chat = ann.open(address)
    chat.reply_is("complete")
    shown = [" ".join(text.split()) for text in chat.titles.all_text_contents()]
    assert sorted(shown) == sorted(clean_title(title) for title in titles)
    nothing_happened(chat)
    menu = chat.sidebar.get_by_role("button", name="Menu of").first
    menu.click()
    chat.sidebar.get_by_role("link", name="Rename").click()
    expect(chat.page.get_by_label("Title", exact=True)).to_have_value(clean_title(titles[-1]))
    nothing_happened(chat)
    chat.page.keyboard.press("Escape")
    # The list comes anew: a menu that is opened before goes with the old one.
    expect(chat.page.get_by_label("Title", exact=True)).to_have_count(0)
    menu.click()
    chat.sidebar.get_by_role("button", name="Delete").click()
    expect(chat.toasts.filter(has_text="was deleted")).to_be_visible()
    nothing_happened(chat)


def test_system_prompt_and_model_name(ann: Person) -> None:
    """Fields of the panel, the picker and the heading of the reply."""
    chat = ann.chat(model="openai/echo-whole")
    chat.send("Plain")
    chat.reply_is("complete")
    chat.button("Settings of this chat").click()
    chat.page.get_by_label("System prompt").fill(ALL_IN_ONE)
    chat.button("Save").click()
    expect(chat.toasts).to_contain_text("Saved")
    path = chat.page.url.removeprefix(ann.url)
    for name in ("<img src=x onerror=window.__pwned=1>", "'\"><svg onload=window.__pwned=1>"):
        ann.post(f"{path}model/", {"model": f"openai/{name}"})
        chat.page.reload()
        expect(chat.page.locator("[data-model-label]")).to_have_text(name)
        chat.page.locator('[data-action="pick-model"]').click()
        expect(chat.page.get_by_role("combobox", name="Search models")).to_be_focused()
        nothing_happened(chat)
        chat.page.keyboard.press("Escape")
        chat.send("Hello")
        chat.reply_is("complete")
        expect(chat.reply).to_contain_text(name)
        nothing_happened(chat)


def test_provider_error(ann: Person) -> None:
    """The provider's own words are shown, as words."""
    chat = ann.chat(model="openai/error-echo")
    for text in (LINES[0], "\n".join(LINES[:5]), LINES[24]):
        chat.send(text)
        chat.reply_is("failed")
        expect(chat.reply.get_by_role("alert")).to_contain_text(text.partition("\n")[0])
        nothing_happened(chat)
    chat.page.reload()
    expect(chat.reply.get_by_role("alert")).to_contain_text(LINES[24])
    nothing_happened(chat)


def test_file_names(ann: Person) -> None:
    """In the preview, the label of its button and the picture's description."""
    picture = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(picture, "PNG")
    names = [f"{line.replace('/', '')}.png" for line in LINES[10:15]]
    files: list[FilePayload] = [
        {"name": name, "mimeType": "image/png", "buffer": picture.getvalue()} for name in names
    ]
    chat = ann.chat(model="openai/echo-whole")
    chat.page.locator(".composer-file").set_input_files(files)
    previews = chat.page.locator("#previews img")
    expect(previews).to_have_count(len(files))
    nothing_happened(chat)
    chat.send("Look")
    chat.reply_is("complete")
    pictures = chat.questions.locator("img")
    assert sorted(str(p.get_attribute("alt")) for p in pictures.all()) == sorted(
        name.replace('"', "%22")  # As browsers send it.
        for name in names
    )
    nothing_happened(chat)
