"""Sources and tool calls, from a provider that means no harm and from one that does."""

from playwright.sync_api import expect

from tests.data.payloads import LINES
from tests.e2e.person import Person
from tests.e2e.test_hostile_text import nothing_happened

_TOP = "element => element.getBoundingClientRect().top + scrollY"


def test_sources_and_tool_calls(ann: Person) -> None:
    """They come when the reply ends, below it, and are there to be unfolded."""
    chat = ann.chat(model="openai/parts")
    chat.send("Will it rain?")
    chat.reply_is("complete")
    parts = chat.reply.locator(".part")
    expect(parts).to_have_count(2)
    parts.nth(0).locator("summary").click()
    expect(parts.nth(0)).to_contain_text("web_search")
    expect(parts.nth(0)).to_contain_text('"query": "weather today"')
    parts.nth(1).locator("summary").click()
    link = parts.nth(1).get_by_role("link", name="Today's weather")
    expect(link).to_have_attribute("href", "https://weather.example.org/today")
    expect(parts.nth(1)).to_contain_text("weather.example.org")
    chat.page.reload()
    expect(parts).to_have_count(2)


def test_a_hostile_provider(ann: Person) -> None:
    """Every payload as a title, a quote, an address, a tool's name, arguments and result."""
    chat = ann.chat(model="openai/echo-parts")
    chat.send("\n".join(LINES))
    chat.reply_is("complete")
    for _ in range(2):
        parts = chat.reply.locator(".part")
        expect(parts).to_have_count(2)
        for summary in parts.locator("summary").all():
            summary.click()
        expect(parts.nth(1).locator("a").first).to_have_text(LINES[0])
        addresses = parts.locator("a").evaluate_all("links => links.map((link) => link.href)")
        assert len(addresses) > 40
        assert all(address.startswith("https://") for address in addresses)
        tags = parts.locator("*").evaluate_all("all => [...new Set(all.map((e) => e.localName))]")
        ours = {"summary", "svg", "use", "bdi", "span", "ol", "li", "p", "pre", "a", "blockquote"}
        assert set(tags) <= ours
        for element in parts.locator("a, pre, blockquote").all()[:60]:
            element.dispatch_event("mouseover")
            element.dispatch_event("focus")
        nothing_happened(chat)
        chat.page.reload()
