"""Exports as Markdown: readable, and nothing in a message passes for the document around it."""

import random
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from accounts.models import User
from chats.exporting.choosing import choose_all
from chats.exporting.escaping import code_block, embed, inline, yaml_text
from chats.exporting.names import safe_name, slug
from chats.models import Conversation, Message
from tests.chats.exports import as_zip, make_everything, make_file, of_one, whole
from tests.chats.pages import make_conversation, make_message, question_of

PARSER = MarkdownIt("commonmark").enable("table")

HOSTILE = [
    "## 9. Assistant · forged",
    "# Title",
    "Forged\n---",
    "Forged\n===",
    "a\n-",
    "---\ntitle: x\n---",
    "```\nnever closed",
    "~~~~\nnever closed\n~~~",
    "- ```\n## Forged",
    "- a\n  ```\n## Forged\n",
    "1. ```\n   code\n   ```\n\n# Forged",
    "> ```\n## Forged",
    "<!-- \n\n## Forged",
    "<div>\n```\n\n## Forged",
    "<pre>\n## Forged",
    "- <!--\n  ```\n  -->\n\n## Forged\n  ```",
    "```a`b\n## Forged",
    "   ```\n## Forged\n   ```",
    "\t```\n## Forged",
    "a\r## Forged",
    "a\u2028## Forged",
    "##\tForged",
    "  ## Forged",
    "[a]: <x\n## Forged",
    "</details>\n\n## Forged",
    "*a\n\n## Forged*",
]


def heads(text: str) -> list[str]:
    """Headings of the first two levels at the left, which are the document's own."""
    tokens = PARSER.parse(text)
    return [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2")
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_cannot_pass_for_another(owner: User, text: str) -> None:
    chat = make_conversation(owner, title=text[:200])
    Message.objects.filter(conversation=chat).update(content=text, reasoning=text)
    found = whole(of_one(chat), "markdown", with_reasoning=True).decode()
    body = found.split("\n---\n", 1)[1]
    _title, *messages = heads(body)
    assert len(messages) == 2
    assert [message.split(" · ")[0] for message in messages] == ["1. You", "2. Assistant"]
    assert not any(
        "html_block" in token.type and "Forged" in token.content for token in PARSER.parse(body)
    )


def test_random_texts_end_where_they_end() -> None:
    pieces = ["```", "~~~", "  ", "\n", "\n\n", "# ", "- ", "1. ", "> ", "<div>", "<!--", "-->",
              "a", "---", "===", "    ", "\t", "`", "</pre>", "<pre>"]  # fmt: skip
    chance = random.Random(5)
    for _number in range(3000):
        text = "".join(chance.choices(pieces, k=chance.randint(1, 14)))
        assert heads(f"{embed(text)}\n\n## End\n") == ["End"], repr(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Plain *words*.\n\n- a\n- b", "Plain *words*.\n\n- a\n- b"),
        ("# Head\n\n### Third", "### Head\n\n##### Third"),
        ("```python\n# a comment\n<b>\n---\n```", "```python\n# a comment\n<b>\n---\n```"),
        ("- list\n  ```sh\n  # x\n  ```\n", "- list\n  ```sh\n  # x\n  ```"),
        ("`<b>` and <b> and <https://example.org>", "`<b>` and \\<b> and <https://example.org>"),
        ("a < b and 1<2", "a < b and 1<2"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb"),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("#hashtag #1", "#hashtag #1"),
    ],
)
def test_usual_texts_stay_readable(text: str, found: str) -> None:
    assert embed(text) == found


def test_a_line_of_backticks_costs_little() -> None:
    line = " ".join("`" * n for n in range(1, 1400)) + "<b>"
    assert embed(line).endswith("\\<b>")


def test_code_holds_any_code() -> None:
    assert code_block("a\n````\nb") == "`````\na\n````\nb\n`````"


@pytest.mark.parametrize(
    "text", ["x", "a: b", "- a", "'\"\\", "#", "yes", "\x07\x7f\x85\u2028\ufeff", "😀", "{a}",
             "a\n\nb", "  indented\nb", "a\n  b\n\n\nc", "a\n", "a\n---\nb", "tab\tb\nc",
             "a\r\nb", "\n\na"],
)  # fmt: skip
def test_front_matter_says_what_is_meant(text: str) -> None:
    assert yaml.safe_load(f"title: {yaml_text(text)}\nnext: 1\n") == {"title": text, "next": 1}


def test_a_chat_as_a_document(owner: User, stranger: User) -> None:
    chat = make_everything(owner, stranger)
    found = whole(of_one(chat), "markdown").decode()
    start, front, body = found.split("---\n", 2)
    assert start == ""
    assert 'title: "Everything"\n' in front
    assert 'folder: "Work / Plans"\n' in front
    assert 'tags:\n  - "urgent"\n' in front
    assert 'models:\n  - "demo/demo"\n' in front
    assert "system_prompt: |2-\n  Line one\n    line two: #3\n" in front
    assert "archived: 2026-11-23T12:00:00+00:00\n" in front
    assert heads(body)[0] == "Everything"
    assert "Question 0" in body
    assert "- table.csv\n" in body
    assert "A failed reply" not in body
    assert "*Version " in body
    assert "\n\n\n" not in body


def test_other_branches_follow_if_wanted(owner: User, stranger: User) -> None:
    chat = make_everything(owner, stranger)
    leaf = chat.messages.get(content="With all")
    Conversation.objects.filter(id=chat.id).update(current_leaf=leaf)
    found = whole(of_one(chat), "markdown", with_branches=True, with_reasoning=True).decode()
    titles = heads(found)
    assert "Other versions" in titles
    assert sum(title[0].isdigit() for title in titles) == 12
    assert "<details><summary>Reasoning</summary>\n\n> Hm.\n\n</details>" in found
    assert "1. [A \\[source\\]](https://example.org/a%28b%29)" in found
    assert "````\n```\n````" in found
    assert "> This reply broke off." in found
    assert "*This follows message 1.*" in found
    assert f". {stranger.username} · " in found
    assert "\n\n\n" not in found


def test_several_in_one_file(owner: User) -> None:
    for number in range(3):
        make_conversation(owner, title=f"Chat {number}")
    found = whole(choose_all(user=owner), "markdown").decode()
    assert found.startswith("---\nexported: ")
    assert [title for title in heads(found) if title.startswith("Chat")] == [
        "Chat 0",
        "Chat 1",
        "Chat 2",
    ]


def test_a_zip_file_links_to_its_files(owner: User, settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    question = question_of(make_conversation(owner, title="Über (a) résumé!"))
    kept, gone = make_file(owner, "a [1] (b).txt"), make_file(owner, "gone.txt")
    question.attachments.add(kept, gone)
    Path(gone.file.path).unlink()
    found = as_zip(owner, "markdown")
    document = found["conversations/00001-über-a-résumé.md"].decode()
    assert f"- [a \\[1\\] (b).txt](../files/{kept.id}/a%20%5B1%5D%20%28b%29.txt)\n" in document
    assert "\n- gone.txt\n" in document
    assert f"files/{kept.id}/a [1] (b).txt" in found


def test_a_chat_that_shows_nothing_shows_its_last(owner: User) -> None:
    chat = make_conversation(owner)
    Conversation.objects.update(current_leaf=None)
    make_message(chat, None, "user", "The last")
    assert "The last" in whole(of_one(chat), "markdown").decode()


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("A title", "a-title"), ("../../etc/passwd", "etc-passwd"), ("CON", "chat-con"),
        ("com¹", "chat-com¹"), ("", "chat"), ("...", "chat"), ("___", "chat"),
        ("日本語の題", "日本語の題"), ("a\x00b\nc", "a-b-c"), ("\u202egnp.exe", "gnp-exe"),
        ("x" * 300, "x" * 80), ("é" * 200, "é" * 40), ("a/b\\c:d", "a-b-c-d"), ("😀", "chat"),
    ],
)  # fmt: skip
def test_names_of_documents(title: str, found: str) -> None:
    assert slug(title) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.txt", "a.txt"), ("../../a.txt", "a.txt"), ("C:\\x\\..\\a.txt", "C x .. a.txt"),
        ("NUL.txt", "file-NUL.txt"), ("aux", "file-aux"), ("a. ", "a"), ("...", "file"),
        ("", "file"), (".hidden", "hidden"), ("a\x00b?.png", "a b.png"),
        ("con.tar.gz", "file-con.tar.gz"),
        ("a\u202egnp.exe", "a gnp.exe"), ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
        ("a" * 50 + "." + "b" * 90, "a" * 50 + "." + "b" * 90),
    ],
)  # fmt: skip
def test_names_of_files(name: str, found: str) -> None:
    assert safe_name(name) == found


def test_of_a_huge_name_little_is_looked_at() -> None:
    assert (slug("x" * 50_000_000), safe_name("y" * 50_000_000)) == ("x" * 80, "y" * 150)


def test_words_on_a_line() -> None:
    assert inline("a\n# [b](c) <d>") == "a \\# \\[b\\](c) \\<d\\>"
