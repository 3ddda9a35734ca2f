"""Variables in a template's text."""

import pytest

from chats.variables import Kind, TooLongError, Variable, fill, find_mistaken, find_variables

LONG = 200_000
TODAY = "2026-01-31"


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("{{name}}", Variable("name")),
        ("{{ name }}", Variable("name")),
        ("{{first name}}", Variable("first name")),
        ("{{_x-1}}", Variable("_x-1")),
        ("{{имя}}", Variable("имя")),
        ("{{हिन्दी}}", Variable("हिन्दी")),
        ("{{שם}}", Variable("שם")),
        ("{{name:text}}", Variable("name")),
        ("{{ name : long }}", Variable("name", Kind.LONG)),
        ("{{due:date}}", Variable("due", Kind.DATE)),
        ("{{tone:choice(formal|friendly)}}", Variable("tone", Kind.CHOICE, ("formal", "friendly"))),
        ("{{tone: choice( a | b |a| ) }}", Variable("tone", Kind.CHOICE, ("a", "b"))),
        ("{{tone:choice(only)}}", Variable("tone", Kind.CHOICE, ("only",))),
        ("{{t:choice(a:1|b (two))}}", Variable("t", Kind.CHOICE, ("a:1", "b (two)"))),
        # As LibreChat writes it.
        ("{{tone:formal|friendly}}", Variable("tone", Kind.CHOICE, ("formal", "friendly"))),
        ("{{t:date|long}}", Variable("t", Kind.CHOICE, ("date", "long"))),
        # As Open WebUI writes it.
        ("{{name | text}}", Variable("name")),
        ('{{name | textarea:placeholder="All of it":required}}', Variable("name", Kind.LONG)),
        ("{{due | date:required}}", Variable("due", Kind.DATE)),
        (
            '{{t | select:options=["High: now","Low"]:default="Low"}}',
            Variable("t", Kind.CHOICE, ("High: now", "Low")),
        ),
        ("{{{name}}}", Variable("name")),
    ],
)
def test_what_is_a_variable(text: str, variable: Variable) -> None:
    assert find_variables(f"Before {text} after") == [variable]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{name}",
            "{{}}",
            "{{ }}",
            "{{na\nme}}",
            "{{1}}",
            "{{user.name}}",
            "{{#if x}}",
            "{{/if}}",
        ),
        *(
            "{{/if}}",
            "{{name|upper}}",
            "{{name:other}}",
            "{{name:}}",
            "{{:long}}",
            "{{name:choice()}}",
        ),
        *("{{name:|}}", "{{a}", "{{" + "n" * 51 + "}}", "{{<b>}}", "{{a\u202eb}}", "{{ 'a' }}"),
        *("{{t | select}}", "{{t | select:options=[}}", "{{t | select:options=[1]}}"),
        "{{t | select:options=" + "[" * 1900 + "]}}",
        "{{t:" + "|".join(str(n) for n in range(51)) + "}}",
        "{{t:" + "x" * 3000 + "|y}}",
        "{{today}}",
        "{{CURRENT_DATE}}",
    ],
)
def test_what_nobody_is_asked_for(text: str) -> None:
    assert find_variables(text) == []


@pytest.mark.parametrize("text", ["{{user.name}} {{#if x}} {x} }}{{ {{ }}", "{{name|upper}}", "{{"])
def test_other_braces_stay(text: str) -> None:
    assert fill(text, {"name": "x", "x": "y"}, today=TODAY, limit=LONG) == text


def test_each_is_asked_for_once_with_the_first_kind_that_is_named() -> None:
    text = "{{a}} {{b:long}} {{a:date}} {{b:date}} {{a}} {{A}}"
    assert find_variables(text) == [
        Variable("a", Kind.DATE),
        Variable("b", Kind.LONG),
        Variable("A"),
    ]
    values = {"a": "1", "b": "2", "A": "3"}
    assert fill(text, values, today=TODAY, limit=LONG) == "1 2 1 2 1 3"


def test_values_are_plain_text_and_filled_once() -> None:
    values = {"a": r"{{b}} \1 \g<0> {{today}}", "b": "<script>{{a}}</script>"}
    assert fill("{{a}}-{{b}}", values, today=TODAY, limit=LONG) == (
        r"{{b}} \1 \g<0> {{today}}-<script>{{a}}</script>"
    )


def test_a_value_and_the_text_around_it_make_no_variable() -> None:
    assert fill("{{{a}}}}", {"a": "{b}", "b": "x"}, today=TODAY, limit=LONG) == "{{b}}}"


def test_today() -> None:
    assert fill("{{today}}{{ CURRENT_DATE }}", {}, today=TODAY, limit=LONG) == TODAY * 2


def test_what_has_no_value_stays() -> None:
    assert fill("{{a:choice(x|y)}} {{b}}", {"b": ""}, today=TODAY, limit=LONG) == (
        "{{a:choice(x|y)}} "
    )


@pytest.mark.parametrize(
    ("text", "limit"), [("{{a}}" * 10, 99), ("{{a}}x", 10), ("x" * 11, 10), ("x{{a}}", 10)]
)
def test_too_long_texts_are_not_made(text: str, limit: int) -> None:
    with pytest.raises(TooLongError):
        fill(text, {"a": "0123456789"}, today=TODAY, limit=limit)
    assert fill("{{a}}" * 10, {"a": "0123456789"}, today=TODAY, limit=100) == "0123456789" * 10


def test_a_bomb_takes_no_memory() -> None:
    """20,000 places of 200,000 characters each would be 4 GB."""
    with pytest.raises(TooLongError):
        fill("{{a}}" * 20_000, {"a": "x" * LONG}, today=TODAY, limit=LONG)


@pytest.mark.parametrize(
    "unit",
    [
        *("{", "{{", "}}", "{{a", "{{a:", "{{a|", "{{a:choice(", "{{a:|", "{{a}}", "{{ ", "|"),
        "{{" + "a" * 1999,
        "{{a:" + "x|" * 900 + "}}",
        "{{a | select:options=" + "[" * 900 + "}}",
        "{{a | select:" + "options=" * 200 + "}}",
    ],
)
def test_hostile_texts_are_read_to_their_end(unit: str) -> None:
    """Time that grew with the square of a text like these would be hours."""
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    assert {each.name for each in find_variables(text)} <= {"a"}
    assert len(fill(text, {}, today=TODAY, limit=2_000_000)) == 1_000_000


def test_what_is_nearly_a_variable_is_told() -> None:
    text = "{{a:foo}} {{b:long}} {{c:choice()}} {{d}} {{a:foo}} {{2:x}} {{ x.y }} {{today}}"
    assert find_mistaken(text) == ["{{a:foo}}", "{{c:choice()}}"]
