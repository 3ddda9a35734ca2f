"""Templates and presets: finding, naming, copying, and setting chats up."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from chats import library, presets
from chats.conversations import ChatSettings, start_conversation
from chats.models import Conversation, Preset, PromptTemplate

PLAIN: ChatSettings = {
    "system_prompt": "Be brief.",
    "temperature": 0.5,
    "top_p": 0.9,
    "max_tokens": 100,
    "options": {},
}


def template(user: User, name: str, content: str = "Text", **fields: Any) -> PromptTemplate:
    return library.create_template(user=user, name=name, content=content, **fields)


def preset(user: User, name: str = "Brief", model: str = "demo/demo", **fields: Any) -> Preset:
    made = presets.create_preset(
        user=user,
        name=name,
        model="demo/demo",
        settings={**PLAIN, **fields},  # type: ignore[typeddict-item]
    )
    made.model = model
    made.save()
    return made


def found(user: User, words: str = "", **bounds: int) -> list[str]:
    rows, _total = library.search(PromptTemplate, user=user, words=words, **bounds)
    return [row.name for row in rows]


def test_own_come_first_and_better_matches_before_others(owner: User, stranger: User) -> None:
    for name in ("Translate", "Retranslate", "Quick translation", "Other"):
        template(owner, name)
    for name in ("Translate to Latin", "My translation"):
        template(stranger, name, is_shared=True)
    template(stranger, "Translate in secret")
    assert found(owner, "transl") == [
        *("Translate", "Quick translation", "Retranslate"),
        *("Translate to Latin", "My translation"),
    ]
    assert found(stranger, "transl") == [
        *("Translate in secret", "Translate to Latin", "My translation"),
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Übersicht", "über"),
        ("Übersicht", "uber"),
        ("Перевод", "перев"),
        ("code-review", "Code rev"),
        ("C++", "c+"),
        ("!?", "!"),
        ("100% sure", "100%"),
        ("a_b", "A_B"),
        ("한국어", "한국"),
    ],
)
def test_case_accents_and_marks_do_not_count(name: str, words: str, owner: User) -> None:
    template(owner, name)
    assert found(owner, words) == [name]
    assert found(owner, words + "x") == []


def test_rows_say_what_lists_show(owner: User, stranger: User) -> None:
    template(stranger, "Shared", "One\n\n two " + "x" * 300, is_shared=True)
    (row,), total = library.search(PromptTemplate, user=owner)
    assert (row.owner, row.is_own, row.is_shared, row.model, total) == ("sam", False, True, "", 1)
    assert row.start.startswith("One two xxx")
    assert len(row.start) < 161
    preset(owner)
    (kept,), _total = library.search(Preset, user=owner)
    assert (kept.is_own, kept.start, kept.model) == (True, "Be brief.", "demo/demo")


def test_a_search_is_bounded(owner: User, django_assert_num_queries: Any) -> None:
    """Two queries, whatever there is, and no whole text."""
    rows = [PromptTemplate(owner=owner, name=f"T {n:04}", content="x" * 500) for n in range(300)]
    PromptTemplate.objects.bulk_create(rows)
    with django_assert_num_queries(2) as captured:
        assert found(owner, "t", count=3) == ["T 0000", "T 0001", "T 0002"]
    assert all('"content", "' not in query["sql"] for query in captured)
    with django_assert_num_queries(2):
        rows_shown, total = library.search(PromptTemplate, user=owner, first=298, count=20)
    assert ([row.name for row in rows_shown], total) == (["T 0298", "T 0299"], 300)


def test_names_are_cleaned_and_taken_once(owner: User, stranger: User) -> None:
    made = template(owner, "  A\u202e\u2066\tname\n\x00here ")
    assert made.name == "A name here"
    for name in ("A name here", "a NAME here"):
        with pytest.raises(ValidationError) as refused:
            template(owner, name)
        assert refused.value.message_dict == {"name": ["There is one by that name already."]}
    template(stranger, "A name here")
    # Joiners that belong to the writing stay.
    family = "\U0001f469\u200d\U0001f467"
    assert template(owner, family).name == family


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u202e", "\x00", "x" * 101, "\ufeff\u2066"])
def test_bad_names_are_refused(name: str, owner: User) -> None:
    with pytest.raises(ValidationError) as refused:
        template(owner, name)
    assert list(refused.value.message_dict) == ["name"]
    assert not PromptTemplate.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Write something first."),
        ("\u0000 ", "Write something first."),
        ("x" * 200_001, "up to 200000 are possible"),
        (" ".join(f"{{{{v{n}}}}}" for n in range(51)), "at most 50 different variables"),
        (" ".join(f"{{{{v{n}}}}}" for n in range(1_000)), "at most 50 different variables"),
    ],
)
def test_bad_texts_are_refused(content: str, said: str, owner: User) -> None:
    with pytest.raises(ValidationError) as refused:
        template(owner, "A", content)
    assert said in refused.value.message_dict["content"][0]


def test_as_many_as_one_person_can_keep(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST_OWN", 2)
    first = template(owner, "A")
    template(owner, "B")
    with pytest.raises(ValidationError, match="more are not possible"):
        template(owner, "C")
    with pytest.raises(ValidationError, match="more are not possible"):
        library.copy_entry(entry=first, user=owner)
    library.update_template(template=first, name="A", content="Other", is_shared=True)
    library.delete_entry(entry=first)
    template(owner, "C")


def test_a_copy_is_ones_own_and_shared_with_nobody(owner: User, stranger: User) -> None:
    long = "n" * 100
    theirs = template(stranger, long, "{{a}}", is_shared=True)
    copies = [library.copy_entry(entry=theirs, user=owner) for _ in range(3)]
    assert [each.name for each in copies] == [long, "n" * 96 + " (2)", "n" * 96 + " (3)"]
    kept = {(each.content, each.is_shared, each.owner) for each in copies}
    assert kept == {("{{a}}", False, owner)}
    set_up = preset(stranger, options={})
    copied = library.copy_entry(entry=set_up, user=owner)
    assert (copied.model, copied.system_prompt, copied.max_tokens) == (
        "demo/demo",
        "Be brief.",
        100,
    )
    theirs.refresh_from_db()
    assert (theirs.owner, theirs.is_shared) == (stranger, True)


def test_a_filled_text_is_no_longer_than_a_message(owner: User, settings: Any) -> None:
    made = template(owner, "A", "{{a}}{{a}}")
    settings.MAX_MESSAGE_LENGTH = 1_000
    day = date(2026, 1, 31)
    filled = library.fill_template(template=made, values={"a": "x" * 500}, today=day)
    assert len(filled) == 1_000
    with pytest.raises(ValidationError, match="more than 1000 characters"):
        library.fill_template(template=made, values={"a": "x" * 501}, today=day)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"top_p": -0.1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"system_prompt": "x" * 100_001}, "system_prompt"),
        ({"options": {"nonsense": 1}}, "nonsense"),
    ],
)
def test_bad_presets_are_refused(changed: dict[str, Any], field: str, owner: User) -> None:
    with pytest.raises(ValidationError) as refused:
        preset(owner, **changed)
    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize("model", ["", "demo", "nowhere/m", "x" * 300, "openai/\u0000"])
def test_a_preset_needs_a_model_that_can_be_asked(model: str, owner: User) -> None:
    with pytest.raises(ValidationError) as refused:
        presets.create_preset(user=owner, name="A", model=model, settings=PLAIN)
    assert list(refused.value.message_dict) == ["model"]


def test_a_preset_can_be_changed_when_its_model_is_gone(owner: User) -> None:
    made = preset(owner, model="gone/m")
    presets.update_preset(preset=made, name="New", model="gone/m", settings=PLAIN, is_shared=True)
    with pytest.raises(ValidationError):
        presets.update_preset(
            preset=made, name="New", model="gone/n", settings=PLAIN, is_shared=True
        )


def test_apply_and_undo(owner: User, conversation: Conversation) -> None:
    Conversation.objects.filter(id=conversation.id).update(
        system_prompt="Before", options={"theirs": 1}, fallback_model="none"
    )
    conversation.refresh_from_db()
    before = presets.apply_preset(conversation=conversation, preset=preset(owner))
    conversation.refresh_from_db()
    assert (conversation.system_prompt, conversation.temperature) == ("Be brief.", 0.5)
    assert (conversation.top_p, conversation.max_tokens) == (0.9, 100)
    assert (conversation.options, conversation.fallback_model) == ({"theirs": 1}, "none")
    presets.undo_preset(conversation=conversation, before=before)
    conversation.refresh_from_db()
    assert (conversation.system_prompt, conversation.temperature) == ("Before", None)
    assert (conversation.top_p, conversation.max_tokens) == (None, None)


def test_undo_is_for_the_one_chat_and_cannot_be_made_up(
    owner: User, conversation: Conversation
) -> None:
    other = start_conversation(user=owner, content="Other", model="demo/demo").question.conversation
    before = presets.apply_preset(conversation=other, preset=preset(owner))
    for forged in ("", "nonsense", before, before[:-1], "é"):
        with pytest.raises(ValidationError, match="no longer be undone"):
            presets.undo_preset(conversation=conversation, before=forged)


def test_a_model_that_is_not_available_is_named(owner: User, conversation: Conversation) -> None:
    made = preset(owner, model="gone/m")
    with pytest.raises(ValidationError) as refused:
        presets.apply_preset(conversation=conversation, preset=made)
    assert refused.value.messages == [
        "The preset “Brief” needs the model “gone/m”, which is not available to you."
    ]
    conversation.refresh_from_db()
    assert (conversation.model_name, conversation.system_prompt) == ("demo/demo", "")


def test_options_that_an_adapter_no_longer_has_are_left_out(
    owner: User, conversation: Conversation
) -> None:
    made = preset(owner)
    made.options = {"gone": True}
    made.save()
    presets.apply_preset(conversation=conversation, preset=made)
    conversation.refresh_from_db()
    assert conversation.options == {}


def test_a_chat_starts_as_a_preset_says(owner: User) -> None:
    made = preset(owner)
    settings = presets.preset_settings(made, model="demo/demo", user=owner)
    posted = start_conversation(user=owner, content="Hi", model="demo/demo", settings=settings)
    started = posted.question.conversation
    started.refresh_from_db()
    assert (started.system_prompt, started.max_tokens) == ("Be brief.", 100)
