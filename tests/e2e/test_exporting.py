"""Exports in a browser: what is downloaded, and what the page says of it."""

import json
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.person import Person


def test_all_chats_are_downloaded(ann: Person, tmp_path: Path) -> None:
    ann.start("<b>First</b> question")
    ann.start("Second question")
    page = ann.open("/settings/data/").page
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    expect(page.locator("[data-export-progress]")).to_contain_text("is complete: 2 chats.")
    assert download.value.suggested_filename.startswith("parley-")
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        manifest = json.loads(packed.read("manifest.json"))
    assert manifest["counts"] == {"conversations": 2, "messages": 4, "files": 0}


def test_one_chat_is_chosen_by_its_menu(ann: Person, tmp_path: Path) -> None:
    ann.start("A single question")
    page = ann.open("/").page
    item = page.locator("#sidebar-items .conversation", has_text="A single question")
    item.hover()
    item.get_by_role("button", name="Menu of").click()
    page.locator("#chat-menu").get_by_role("link", name="Export").click()
    expect(page.get_by_label("With reasoning")).to_be_hidden()
    page.get_by_label("Markdown", exact=True).check()
    page.get_by_label("With reasoning").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "a-single-question.md"
    download.value.save_as(tmp_path / "one.md")
    text = (tmp_path / "one.md").read_text(encoding="utf-8")
    assert text.startswith('---\ntitle: "A single question"\n')
    assert "\n## 1. You · " in text
