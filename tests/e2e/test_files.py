"""Attached files: how they come in, what is said of them, what a model gets."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Route, expect

from tests.e2e.conftest import People, site_environment
from tests.e2e.person import PHONE, Chat, Person
from tests.server import Server
from tests.upstream import Upstream

LIMIT = 200_000
"""Bytes of one file on the site of these tests."""
DROP = """(files) => {
  const data = new DataTransfer();
  for (const [name, type, text] of files) data.items.add(new File([text], name, { type }));
  const drag = (name, target) => target.dispatchEvent(
    new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
  window.drag = drag;
  drag("dragenter", document.getElementById("main"));
}"""


@pytest.fixture(scope="module")
def site(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site with a low limit."""
    variables = site_environment(upstream, MAX_UPLOAD_SIZE=str(LIMIT))
    with Server(tmp_path_factory.mktemp("files"), env=variables) as server:
        yield server
        server.terminate()
        assert "Traceback" not in server.output, server.output


@pytest.fixture
def ann(site: Server, people: People) -> Person:
    """Somebody on that site."""
    return people(site=site)


@pytest.fixture
def chat(ann: Person) -> Chat:
    """A new chat."""
    return ann.chat(model="openai/ok")


def pdf(*pages: str) -> bytes:
    """A real one, with a line of text on each page."""
    count = len(pages)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, words in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return f"{body}{end}startxref\n{len(body)}\n%%EOF\n".encode()


def picture(color: str = "teal") -> FilePayload:
    """Larger than pages show it."""
    file = BytesIO()
    Image.new("RGB", (1600, 1200), color).save(file, "PNG")
    return {"name": f"{color}.png", "mimeType": "image/png", "buffer": file.getvalue()}


def text(name: str, words: str | bytes = "Some words.") -> FilePayload:
    """A file of words."""
    content = words.encode() if isinstance(words, str) else words
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def previews(chat: Chat) -> Locator:
    return chat.page.locator("#previews > li")


def choose(chat: Chat, *chosen: FilePayload) -> None:
    """By the button."""
    with chat.page.expect_file_chooser() as chooser:
        chat.page.locator(".composer-attach").click()
    chooser.value.set_files(list(chosen))


def test_a_pdf_is_read_sent_and_shown(ann: Person, chat: Chat, upstream: Upstream) -> None:
    """Its tokens are there before it is sent; after it, what the model got can be read."""
    page = chat.page
    report = pdf("The harbourmaster of Nida counted", "forty boats in May.", "The end.")
    choose(chat, {"name": "report.pdf", "mimeType": "application/pdf", "buffer": report})
    expect(previews(chat)).to_contain_text("report.pdf")
    expect(previews(chat).locator(".file-state")).to_have_text(re.compile(r"^\s*\d+ tokens\s*$"))
    expect(page.locator("#announcer")).to_have_text(re.compile(r"“report\.pdf”: \d+ tokens"))
    chat.send(f"How many boats? {ann.name}")
    expect(previews(chat)).to_have_count(0)
    chat.reply_is("complete")
    (asked,) = [body for body in upstream.completions if ann.name in str(body)]
    assert "report.pdf" in str(asked)
    for _ in range(2):
        sent = chat.questions.get_by_role("list", name="Attached files").get_by_role("listitem")
        expect(sent).to_have_count(1)
        expect(sent).to_contain_text(re.compile(r"report\.pdf\s*PDF\s*\d\.\d kB\s*\d+ tokens"))
        page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download “report.pdf”").click()
    assert download.value.path().read_bytes() == report
    page.get_by_role("link", name="report.pdf", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("report.pdf")
    read = page.get_by_role("region", name="What a model reads of it")
    expect(read).to_contain_text("The harbourmaster of Nida counted")
    expect(read).to_contain_text("The end.")
    assert chat.overflow() <= 0
    page.get_by_role("link", name="Back to the chat").click()
    expect(chat.questions).to_contain_text("How many boats?")


def test_files_of_a_draft_survive_a_reload(ann: Person, chat: Chat, upstream: Upstream) -> None:
    """As its text does. What is gone meanwhile is left out, and said; what was sent is not back."""
    choose(chat, text("one.txt"), text("two.txt"), text("three.txt"))
    chat.composer.fill(f"Read these {ann.name}")
    expect(previews(chat).locator("[name=attachment]")).to_have_count(3)
    chat.button("Remove “one.txt”").click()
    expect(previews(chat)).to_have_count(2)
    gone = previews(chat).filter(has_text="two.txt").locator("[name=attachment]")
    address = f"/attachments/{gone.get_attribute('value')}/delete/"
    chat.page.reload()
    expect(previews(chat)).to_have_text([re.compile("two.txt"), re.compile("three.txt")])
    ann.post(address, {})
    ann.expect_problem("status of 404")
    chat.page.reload()
    expect(previews(chat)).to_have_text([re.compile("three.txt")])
    expect(chat.page.locator("#composer-errors")).to_contain_text("“two.txt” is not there any more")
    chat.page.reload()
    expect(previews(chat)).to_have_text([re.compile("three.txt")])
    expect(chat.page.locator("#composer-errors")).to_be_empty()
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions).to_contain_text("three.txt")
    assert len([body for body in upstream.completions if ann.name in str(body)]) == 1
    assert "files:" not in chat.page.evaluate("() => Object.keys(localStorage).join()")
    chat.page.goto("/")
    expect(chat.composer).to_have_value("")
    expect(previews(chat)).to_have_count(0)


def test_files_are_dropped_anywhere(chat: Chat) -> None:
    """Where they go is shown, and no longer once they leave the page."""
    zone = chat.page.locator(".drop-zone")
    chat.page.evaluate(DROP, [["one.txt", "text/plain", "1"], ["two.csv", "text/csv", "a,b"]])
    expect(zone).to_be_visible()
    chat.page.evaluate("drag('dragleave', document.querySelector('.drop-zone'))")
    expect(zone).to_be_hidden()
    chat.page.evaluate("drag('dragenter', document.getElementById('main'))")
    expect(zone).to_be_visible()
    chat.page.evaluate("drag('drop', document.querySelector('.drop-zone'))")
    expect(zone).to_be_hidden()
    expect(previews(chat)).to_have_count(2)
    expect(previews(chat).locator("[data-tokens]")).to_have_count(2)
    remove = chat.page.get_by_role("button", name="Remove “one.txt”")
    remove.focus()
    chat.page.keyboard.press("Enter")
    expect(previews(chat)).to_have_count(1)
    expect(chat.page.locator("#announcer")).to_contain_text("“one.txt” was removed.")
    expect(chat.page.get_by_role("button", name="Remove “two.csv”")).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(previews(chat)).to_have_count(0)
    expect(chat.page.get_by_label("Add files")).to_be_focused()


def test_what_is_pasted(ann: Person, chat: Chat) -> None:
    """A picture is a file; cells with a picture of them are words; long text stays text."""
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = chat.page
    copy = """async (words) => {
      const canvas = new OffscreenCanvas(40, 30);
      canvas.getContext("2d").fillRect(0, 0, 9, 9);
      const parts = { "image/png": await canvas.convertToBlob() };
      if (words) parts["text/plain"] = new Blob([words], { type: "text/plain" });
      await navigator.clipboard.write([new ClipboardItem(parts)]);
    }"""
    page.evaluate(copy, "1\t2\n3\t4")
    chat.composer.focus()
    page.keyboard.press("Control+V")
    expect(chat.composer).to_have_value("1\t2\n3\t4")
    page.evaluate(copy, "")
    page.keyboard.press("Control+V")
    expect(previews(chat).locator("img")).to_have_count(1)
    expect(page.locator("#announcer")).to_contain_text("was added.")
    page.evaluate("words => navigator.clipboard.writeText(words)", "long " * 10_000)
    chat.composer.fill("")
    page.keyboard.press("Control+V")
    expect(chat.composer).to_have_value("long " * 10_000)
    expect(previews(chat)).to_have_count(1)


def test_an_upload_takes_its_time(ann: Person, chat: Chat) -> None:
    """Its progress is shown, it can be given up, and a message waits for it."""
    page = chat.page
    session = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", slow)
    choose(chat, text("wrong.txt", "w" * LIMIT), text("right.txt", "r" * (LIMIT // 2)))
    state = previews(chat).filter(has_text="wrong.txt").locator(".file-state")
    expect(state).to_have_text(re.compile(r"^Uploading [1-9]\d?%$"))
    expect(page.get_by_role("progressbar", name="right.txt")).to_be_visible()
    chat.composer.fill("Compare them")
    chat.composer.press("Enter")
    errors = page.locator("#composer-errors")
    expect(errors).to_contain_text("Your message goes off when the files are uploaded.")
    expect(chat.questions).to_have_count(0)
    chat.composer.press_sequentially(".")
    expect(errors).to_be_empty()
    page.get_by_role("button", name="Cancel “wrong.txt”").click()
    expect(previews(chat)).to_have_count(1)
    chat.composer.press("Enter")
    expect(errors).to_contain_text("goes off when the files are uploaded.")
    session.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    expect(chat.questions).to_contain_text("Compare them.")
    expect(chat.questions.locator(".file")).to_have_count(1)
    expect(chat.questions.locator(".file")).to_contain_text("right.txt")
    chat.reply_is("complete")


def test_an_upload_that_breaks_off(ann: Person, chat: Chat) -> None:
    """Nothing is sent without it; it can be tried again."""
    ann.expect_problem("ERR_CONNECTION_REFUSED")
    page = chat.page
    chat.block("/attachments/$")
    choose(chat, text("notes.txt"))
    expect(previews(chat)).to_contain_text("Not uploaded")
    chat.composer.fill("Look")
    chat.composer.press("Enter")
    errors = page.locator("#composer-errors")
    expect(errors).to_contain_text("Not sent: “notes.txt” is not uploaded.")
    page.unroute_all()
    chat.button("Try “notes.txt” again").click()
    expect(previews(chat).locator("[data-tokens]")).to_have_count(1)
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions.locator(".file")).to_contain_text("notes.txt")
    expect(errors).to_be_empty()


def test_a_file_that_is_chosen_offline(ann: Person, chat: Chat) -> None:
    """It stands in the composer, keeps the message there, and is uploaded when the line is back."""
    ann.expect_problem("ERR_INTERNET_DISCONNECTED")
    chat.composer.fill("Look")
    ann.context.set_offline(True)
    choose(chat, text("notes.txt"), text("more.txt"))
    expect(previews(chat)).to_have_count(2)
    told = chat.toasts.filter(has_text="“notes.txt”, “more.txt”")
    expect(told).to_contain_text("not uploaded yet")
    chat.button("Remove “more.txt”").click()
    chat.composer.press("Enter")
    expect(previews(chat)).to_have_count(1)
    expect(chat.questions).to_have_count(0)
    expect(chat.composer).to_have_value("Look")
    ann.context.set_offline(False)
    expect(previews(chat).locator("[data-tokens]")).to_have_count(1)
    expect(chat.toasts).to_have_count(0)
    chat.composer.press("Enter")
    chat.reply_is("complete")
    expect(chat.questions.locator(".file")).to_have_text(re.compile("notes.txt"))


def test_refused_files_say_why(ann: Person, chat: Chat) -> None:
    """By name, and the others stay. One that is too large never leaves the browser."""
    ann.expect_problem("status of 422")
    page = chat.page
    posted: list[str] = []

    def count(route: Route) -> None:
        posted.append(route.request.url)
        route.continue_()

    page.route(re.compile("/attachments/$"), count)
    choose(
        chat,
        text("setup.exe", b"MZ\x90\x00\x03\x00\x00\x00" * 20),
        text("novel.txt", "n" * (LIMIT + 50_000)),
        text("good.txt"),
        picture(),
    )
    errors = page.locator("#composer-errors p")
    expect(errors).to_have_count(2)
    expect(errors.filter(has_text="“setup.exe”")).to_contain_text("cannot be read")
    too_large = "“novel.txt” has 250 kB; up to 200 kB is possible."
    expect(errors.filter(has_text="“novel.txt”")).to_have_text(too_large)
    expect(previews(chat)).to_have_count(2)
    expect(previews(chat).locator("[data-uploading]")).to_have_count(0)
    assert len(posted) == 3
    choose(chat, *(text(f"{number}.txt") for number in range(13)))
    expect(previews(chat)).to_have_count(10)
    left = "Left out: “8.txt”, “9.txt”, “10.txt” and 2 more."
    expect(errors).to_have_text(f"Up to 10 files go with one message. {left}")
    page.unroute_all()
    expect(previews(chat).locator("[data-uploading]")).to_have_count(0)
    chat.send("Look")
    expect(errors).to_have_count(0)
    chat.reply_is("complete")
    expect(
        chat.questions.get_by_role("list", name="Attached images").locator("img")
    ).to_be_visible()
    expect(chat.questions.get_by_role("listitem")).to_have_count(10)


def test_names_and_files_that_lie(people: People, site: Server) -> None:
    """Markup is words, directions end with the name, and what cannot be read stops nothing."""
    ann = people(site=site, viewport={"width": 320, "height": 640})
    chat = ann.chat(model="openai/ok")
    page = chat.page
    names = [
        "<img src=x onerror=alert(1)>.txt",
        "invoice\u202efdp.exe.txt",
        "تقرير المبيعات السنوي للفرع الشمالي في عام ألفين.txt",
        f"{'long' * 45}.txt",
    ]
    choose(
        chat,
        *(text(name) for name in names),
        {"name": "torn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n" + b"x" * 99},
    )
    expect(previews(chat).locator("[data-tokens]")).to_have_count(4)
    torn = previews(chat).filter(has_text="torn.pdf")
    expect(torn.locator('[data-state="failed"]')).to_contain_text("“torn.pdf” is damaged")
    assert chat.overflow() <= 0
    expect(previews(chat).locator(".file-name").first).to_have_attribute("title", names[0])
    assert "\u202e" not in page.content()
    chat.send("Read these")
    chat.reply_is("complete")
    for _ in range(2):
        sent = chat.questions.locator(".file")
        expect(sent).to_have_count(5)
        expect(sent.filter(has_text="torn.pdf")).to_contain_text("is damaged")
        expect(page.get_by_role("link", name=names[0], exact=True)).to_have_count(1)
        assert chat.overflow() <= 0
        page.reload()
    page.get_by_role("link", name=names[3], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(names[3])
    assert chat.overflow() <= 0
    page.go_back()
    page.get_by_role("link", name="torn.pdf", exact=True).click()
    expect(page.locator("#file-page .notice-danger")).to_contain_text("is damaged")


def test_a_thumbnail_takes_its_room_at_once(people: People, site: Server) -> None:
    """What stands below it does not move when it comes, on a phone neither."""
    ann = people(site=site, viewport=PHONE)
    chat = ann.chat(model="openai/ok")
    choose(chat, picture())
    expect(previews(chat).locator('img[src$="/thumbnail/"]')).to_be_visible()
    chat.send("Look")
    chat.reply_is("complete")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    chat.page.route(re.compile("/thumbnail/"), hold)
    with chat.page.expect_request(re.compile("/thumbnail/")):
        chat.page.reload(wait_until="domcontentloaded")
    expect(chat.reply.locator(".message-facts")).to_be_visible()
    before = chat.body.bounding_box()
    for route in held:
        route.continue_()
    chat.page.wait_for_function("() => document.querySelector('article img').naturalWidth > 0")
    assert chat.body.bounding_box() == before
    assert chat.overflow() <= 0


def test_without_script(people: People, site: Server) -> None:
    """The form sends files itself."""
    ann = people(site=site, java_script_enabled=False)
    chat = ann.chat(model="openai/ok")
    page = chat.page
    page.get_by_label("Add files").set_input_files([text("one.txt"), text("two.txt")])
    chat.composer.fill("Read these")
    chat.send_button.click()
    expect(chat.questions.locator(".file")).to_have_count(2)
    page.get_by_role("link", name="two.txt", exact=True).click()
    expect(page.locator(".file-text")).to_contain_text("Some words.")
