"""What screen readers and keyboards are told."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import People
from tests.e2e.person import PHONE, Person

_WITHOUT_NAME = re.compile(
    r"^\s*- (button|link|textbox|combobox|checkbox|radio|img|dialog|searchbox|spinbutton|switch)"
    r"(?! \")(?!: \S)",
    re.MULTILINE,
)
_FOCUS_CHANGES = """() => {
  const looks = (element) => { const s = getComputedStyle(element);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor,
      s.backgroundColor].join(); };
  const around = (element) => [element, element.parentElement,
    element.closest(".composer-box, label, .field")].filter(Boolean).map(looks).join();
  const element = document.activeElement;
  const focused = around(element);
  element.blur();
  const changed = around(element) !== focused;
  element.focus({ focusVisible: true });
  return changed ? "" : element.outerHTML.slice(0, 200);
}"""


def check_names(page: Page) -> None:
    """Every control has an accessible name, every picture a description."""
    snapshot = page.locator("body").aria_snapshot()
    assert "- main" in snapshot
    unnamed = [match.group(0).strip() for match in _WITHOUT_NAME.finditer(snapshot)]
    assert unnamed == [], snapshot


def check_structure(page: Page) -> None:
    """One main part, one first heading, no level left out, no id twice, every label bound."""
    problems: list[str] = page.evaluate(
        """() => {
          const found = [];
          const shown = (e) => e.checkVisibility();
          if (document.querySelectorAll("main").length !== 1) found.push("main");
          const levels = [...document.querySelectorAll("main :is(h1, h2, h3, h4)")]
            .filter((h) => shown(h) && !h.closest(".message-body")).map((h) => +h.tagName[1]);
          if (levels.filter((l) => l === 1).length !== 1) found.push(`h1: ${levels}`);
          const skips = levels.some((l, i) => i && l > levels[i - 1] + 1);
          if (skips) found.push(`skipped: ${levels}`);
          const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
          found.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: ${id}`));
          for (const label of document.querySelectorAll("label")) {
            if (!label.control) found.push(`label without a field: ${label.textContent.trim()}`);
          }
          for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
            for (const e of document.querySelectorAll(`[${name}]`)) {
              for (const id of e.getAttribute(name).split(/\\s+/)) {
                if (id && !document.getElementById(id)) found.push(`${name} to nothing: ${id}`);
              }
            }
          }
          if (!document.documentElement.lang) found.push("lang");
          if (!document.title) found.push("title");
          return found;
        }"""
    )
    assert problems == []


CONTRAST = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith("color(") ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1]
      : [n[0], n[1], n[2], n[3] ?? 1]; };
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const paper = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim().slice(0, 40);
    if (!text || !element.checkVisibility({ opacityProperty: true })) continue;
    if (element.closest("[disabled], [aria-hidden=true], .visually-hidden, noscript")) continue;
    const style = getComputedStyle(element);
    const under = paper(element);
    const a = luminance(over(parse(style.color), under)), b = luminance(under);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) low.add(`${ratio.toFixed(2)} ${text}`);
  }
  return [...low];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_names_structure_and_contrast(people: People, scheme: str) -> None:
    """Every page, with everything that it can hold, in both themes."""
    ann = people(color_scheme=scheme)
    ann.expect_problem("status of 404")
    chat = ann.chat(model="demo/demo")
    check_names(chat.page)
    check_structure(chat.page)
    assert chat.page.evaluate(CONTRAST) == []
    chat.send("Show code, a table, steps and a formula")
    chat.reply_is("complete")
    chat.button("Regenerate", within=chat.reply).click()
    chat.writes(10)
    chat.stop_button.click()
    chat.reply_is("stopped")
    check_names(chat.page)
    check_structure(chat.page)
    assert chat.page.evaluate(CONTRAST) == []
    chat.page.locator('[data-action="pick-model"]').click()
    expect(chat.page.get_by_role("combobox", name="Search models")).to_be_focused()
    assert chat.page.evaluate(CONTRAST) == []
    chat.page.goto("/?model=openai/error-401")
    chat.send("Hello")
    chat.reply_is("failed")
    assert chat.page.evaluate(CONTRAST) == []
    status = "/settings/providers/status/"
    ann.post(f"{ann.start('Put away')}archive/", {})
    more = (status, "/settings/account/", "/archive/", "/nowhere/")
    for page in ("/settings/", "/settings/providers/", *more):
        chat.page.goto(page)
        check_names(chat.page)
        check_structure(chat.page)
        assert chat.page.evaluate(CONTRAST) == [], page
    ann.context.clear_cookies()
    for page in ("/accounts/signup/", "/accounts/login/", "/accounts/password/reset/"):
        chat.page.goto(page)
        check_names(chat.page)
        check_structure(chat.page)
        assert chat.page.evaluate(CONTRAST) == [], page


def test_focus_is_visible(ann: Person) -> None:
    """Whatever Tab leads to looks different while it has the focus."""
    chat = ann.chat(model="openai/ok")
    chat.send("Hello")
    chat.reply_is("complete")
    settings = ("/settings/", "/settings/providers/", "/settings/providers/status/")
    for path in (chat.page.url, *settings):
        chat.page.goto(path)
        for _ in range(25):
            chat.page.keyboard.press("Tab")
            if chat.page.evaluate("() => document.activeElement === document.body"):
                break
            assert chat.page.evaluate(_FOCUS_CHANGES) == ""


def test_the_end_of_a_reply_is_announced(ann: Person) -> None:
    """Once, in words; the text itself is not read out while it grows."""
    chat = ann.chat(model="openai/prose-100@60")
    announcer = chat.page.locator("#announcer")
    expect(announcer).to_have_attribute("aria-live", "polite")
    chat.send("Hello")
    chat.writes(20)
    log = chat.page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "off")
    chat.reply_is("complete")
    expect(announcer).to_have_text("The reply is complete.")
    chat.page.locator('[data-action="pick-model"]').click()
    chat.page.get_by_role("combobox", name="Search models").fill("hang")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator("[data-model-label]")).to_have_text("hang")
    chat.send("And now")
    chat.stop_button.click()
    expect(announcer).to_have_text("The reply was stopped.")


def test_page_behind_the_drawer_is_out_of_reach(people: People) -> None:
    """The focus stays in the drawer and goes back to its button."""
    ann = people(viewport=PHONE)
    chat = ann.open("/")
    page = chat.page
    opener = page.get_by_label("Show the sidebar")
    opener.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Chats")
    expect(drawer).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert not page.evaluate("() => document.querySelector('main').matches(':focus-within')")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_reduced_motion_and_zoom(people: People) -> None:
    """No animation where none is wanted; text at 200 % stays usable."""
    ann = people(viewport={"width": 640, "height": 400})
    chat = ann.chat(model="openai/prose-600@60")
    chat.send("Hello")
    chat.writes(10)
    running = chat.page.evaluate(
        "() => document.getAnimations().filter((a) => a.playState === 'running' &&"
        " a.effect.getComputedTiming().duration > 1).length"
    )
    assert running == 0
    expect(chat.stop_button).to_be_in_viewport(ratio=1)
    chat.stop_button.click()
    chat.reply_is("stopped")
    assert chat.overflow() <= 0
