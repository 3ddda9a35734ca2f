"""The pages of templates and presets, and what the composer asks for."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from chats import library
from chats.models import Conversation, Preset, PromptTemplate
from tests.chats.pages import HTMX, make_conversation
from tests.chats.test_library import preset, template

MARKUP = "<img src=x onerror=alert(1)>\"'</textarea></script>{{7*7}}"
SETTINGS = {"model": "demo/demo", "system_prompt": "", "temperature": "", "top_p": ""}


def words(response: Any) -> str:
    """The page's text with its markup, on one line."""
    return " ".join(response.content.decode().split())


def test_write_a_template_and_change_it(owner: User, owner_client: Client) -> None:
    body = {"name": " Reply ", "content": "Dear {{name}},\r\nthanks"}
    answer = owner_client.post("/templates/new/", body)
    assert (answer.status_code, answer["Location"]) == (303, "/templates/")
    made = PromptTemplate.objects.get()
    assert (made.owner, made.name, made.is_shared) == (owner, "Reply", False)
    assert made.content == "Dear {{name}},\nthanks"
    path = f"/templates/{made.id}/"
    assert "Dear {{name}}" in owner_client.get(path).content.decode()
    owner_client.post(path, {"name": "Reply", "content": "Bye", "is_shared": "on"})
    made.refresh_from_db()
    assert (made.content, made.is_shared) == ("Bye", True)
    assert "“Reply” was saved." in words(owner_client.get("/templates/"))


def test_the_blanks_of_a_template_are_listed_and_mistaken_ones_are_told(
    owner: User, owner_client: Client
) -> None:
    content = "{{broken:foo}} {{tone:choice(warm|cool)}} {{notes:long}} <script>{{x:<b>}}"
    answer = owner_client.post("/templates/new/", {"name": "Reply", "content": content})
    made = PromptTemplate.objects.get()
    assert answer["Location"] == f"/templates/{made.id}/"
    page = words(owner_client.get(answer["Location"]))
    assert "Look at its blanks." in page
    assert '<code dir="auto">{{broken:foo}}</code>, <code dir="auto">{{x:&lt;b&gt;}}</code>' in page
    assert '<bdi>tone</bdi> <span class="library-by">One of these: warm, cool</span>' in page
    assert '<bdi>notes</bdi> <span class="library-by">Several lines</span>' in page
    made.content = "No blanks"
    made.save()
    assert "template-found" not in words(owner_client.get(answer["Location"]))


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    owner: User, owner_client: Client
) -> None:
    template(owner, "Taken")
    made = template(owner, "Other")
    for path in ("/templates/new/", f"/templates/{made.id}/"):
        answer = owner_client.post(path, {"name": "taken", "content": "Kept words"})
        assert answer.status_code == 422
        page = words(answer)
        assert "There is one by that name already." in page
        assert "Kept words" in page
        assert 'aria-invalid="true"' in page
    answer = owner_client.post("/templates/new/", {"name": "", "content": "x" * 200_001})
    assert "up to 200000 are possible" in words(answer)
    answer = owner_client.post("/templates/new/", {"name": "\u200b", "content": "x"})
    assert "at least one character" in words(answer)
    made.refresh_from_db()
    assert made.name == "Other"


@pytest.mark.parametrize("kind", ["templates", "presets"])
def test_others_use_and_copy_what_is_shared_and_change_nothing(
    kind: str, owner: User, stranger_client: Client, stranger: User
) -> None:
    made: Any = template(owner, "Shared") if kind == "templates" else preset(owner, "Shared")
    made.is_shared = True
    made.save()
    path = f"/{kind}/{made.id}/"
    page = words(stranger_client.get(path))
    assert "Shared by <bdi>olivia</bdi>" in page
    assert 'name="name"' not in page
    assert "by <bdi>olivia</bdi>" in words(stranger_client.get(f"/{kind}/"))
    body = {"name": "Mine", "content": "x", **SETTINGS}
    assert stranger_client.post(path, body).status_code == 404
    assert stranger_client.post(f"{path}delete/").status_code == 404
    assert stranger_client.post(f"{path}copy/").status_code == 303
    copied = type(made).objects.get(owner=stranger)
    assert (copied.name, copied.is_shared) == ("Shared", False)
    made.refresh_from_db()
    assert (made.name, made.owner) == ("Shared", owner)
    made.is_shared = False
    made.save()
    for address in (path, f"{path}use/"):
        assert stranger_client.get(address).status_code == 404
    assert stranger_client.post(f"{path}copy/").status_code == 404


@pytest.mark.parametrize("kind", ["templates", "presets"])
def test_forms_set_no_owner_and_no_dates(
    kind: str, owner: User, owner_client: Client, stranger: User
) -> None:
    ids = {"owner": str(stranger.id), "owner_id": str(stranger.id), "id": str(uuid4())}
    more = {"created_at": "2001-01-01", "updated_at": "2001-01-01"}
    body = {"name": "A", "content": "x", **SETTINGS, **ids, **more}
    assert owner_client.post(f"/{kind}/new/", body).status_code == 303
    model: Any = PromptTemplate if kind == "templates" else Preset
    made = model.objects.get()
    assert (made.owner, made.is_shared) == (owner, False)
    assert str(made.id) != ids["id"]
    assert made.created_at.year > 2001
    owner_client.post(f"/{kind}/{made.id}/", body)
    made.refresh_from_db()
    assert (made.owner, made.updated_at.year > 2001) == (owner, True)


def test_delete(owner: User, owner_client: Client) -> None:
    made = template(owner, "Gone")
    answer = owner_client.post(f"/templates/{made.id}/delete/", follow=True)
    assert "“Gone” was deleted." in words(answer)
    assert not PromptTemplate.objects.exists()


def test_pages_of_a_long_list(owner: User, owner_client: Client) -> None:
    PromptTemplate.objects.bulk_create(
        PromptTemplate(owner=owner, name=f"T {number:03}", content="x") for number in range(120)
    )
    first = words(owner_client.get("/templates/?q=t"))
    assert first.count('class="library-row"') == 50
    assert "?page=2&amp;q=t" in first
    last = words(owner_client.get("/templates/?page=3&q=t"))
    assert last.count('class="library-row"') == 20
    assert "?page=4" not in last
    for number in ("0", "-1", "x", "999999", "9" * 50):
        assert owner_client.get("/templates/", {"page": number}).status_code == 200


def test_queries_of_the_list_do_not_grow(
    owner: User, owner_client: Client, django_assert_max_num_queries: Any
) -> None:
    def count(path: str, headers: dict[str, str]) -> int:
        with django_assert_max_num_queries(20) as captured:
            assert owner_client.get(path, headers=headers).status_code == 200
        return len(captured)

    template(owner, "T")
    few = [count("/templates/", {}), count("/templates/?q=t", HTMX)]
    PromptTemplate.objects.bulk_create(
        PromptTemplate(owner=owner, name=f"T {number:03}", content="x") for number in range(1000)
    )
    assert [count("/templates/", {}), count("/templates/?q=t", HTMX)] == few
    assert few[1] == 4, "the session, the user, the names, the rows"


def test_the_composer_is_offered_the_best(owner: User, owner_client: Client) -> None:
    for number in range(30):
        template(owner, f"Letter {number:02}")
    part = words(owner_client.get("/templates/?q=let", headers=HTMX))
    assert part.count('role="option"') == 20
    assert 'data-said="30 found"' in part
    assert "<html" not in part
    assert words(owner_client.get("/templates/?q=nothing", headers=HTMX)) == ""
    assert "There are no presets yet." in words(owner_client.get("/presets/", headers=HTMX))


def test_a_text_without_blanks_is_used_at_once(owner: User, owner_client: Client) -> None:
    made = template(owner, "Plain", "Just <b>this</b> {{not.one}}")
    answer = owner_client.get(f"/templates/{made.id}/use/", headers=HTMX)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == "Just <b>this</b> {{not.one}}"
    page = owner_client.get(f"/templates/{made.id}/use/").content.decode()
    assert "\nJust &lt;b&gt;this&lt;/b&gt; {{not.one}}</textarea>" in page
    assert 'action="/c/"' in page


def test_blanks_are_asked_for(owner: User, owner_client: Client) -> None:
    text = "{{first name}}|{{notes:long}}|{{tone:choice(a|b)}}|{{due:date}}|{{first name}}"
    made = template(owner, "Form", text)
    path = f"/templates/{made.id}/use/"
    for headers in ({}, HTMX):
        page = words(owner_client.get(path, headers=headers))
        for kind in ('type="text"', "<textarea", "<select", 'type="date"'):
            assert kind in page
        assert "<html" in page or headers
    names = {
        "value_first%20name": "Ann {{notes}}",
        "value_notes": "two\r\nlines",
        "value_tone": "b",
        "value_due": "2026-01-31",
    }
    filled = "Ann {{notes}}|two\nlines|b|2026-01-31|Ann {{notes}}"
    assert owner_client.post(path, names, headers=HTMX).content.decode() == filled
    assert f"\n{filled}</textarea>" in owner_client.post(path, names).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value_a", ""),
        ("value_a", " "),
        ("value_a", "x" * 2_001),
        ("value_a", "\x00"),
        ("value_c", "z"),
        ("value_c", ""),
        ("value_d", "31.01.2026"),
        ("value_d", "2026-02-30"),
    ],
)
def test_bad_values_are_refused_and_kept(
    field: str, value: str, owner: User, owner_client: Client
) -> None:
    made = template(owner, "Form", "{{a}}{{c:choice(x|y)}}{{d:date}}")
    values = {"value_a": "Kept", "value_c": "y", "value_d": "2026-01-31", field: value}
    for headers in ({}, HTMX):
        answer = owner_client.post(f"/templates/{made.id}/use/", values, headers=headers)
        assert answer.status_code == 422
        page = words(answer)
        assert 'aria-invalid="true"' in page
        described = re.search(r'aria-describedby="([^"]+)" aria-invalid', page) or re.search(
            r'aria-invalid="true"[^>]*aria-describedby="([^"]+)"', page
        )
        assert described
        assert f'id="{described[1]}"' in page


def test_a_text_that_gets_too_long_is_refused(
    owner: User, owner_client: Client, settings: Any
) -> None:
    made = template(owner, "Bomb", "{{a:long}}" * 500)
    answer = owner_client.post(
        f"/templates/{made.id}/use/", {"value_a": "x" * 10_000}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "more than 200000 characters" in words(answer)


def test_markup_is_text_everywhere(owner: User, owner_client: Client, stranger: User) -> None:
    name = MARKUP[:60]
    made = template(stranger, name, f"{MARKUP} {{{{a:<b>|{MARKUP[:28]}}}}}", is_shared=True)
    own = template(owner, name, MARKUP)
    set_up = preset(owner, name, system_prompt=MARKUP)
    pages = (
        *("/templates/", "/presets/", f"/templates/{own.id}/", f"/templates/{made.id}/"),
        *(f"/templates/{made.id}/use/", f"/presets/{set_up.id}/", f"/?preset={set_up.id}"),
        "/templates/?q=%3Cimg%20src%22",
    )
    for path in pages:
        for headers in ({}, HTMX):
            answer = owner_client.get(path, headers=headers)
            if answer["Content-Type"].startswith("text/html"):
                assert "<img src=x" not in answer.content.decode(), path
                assert "49" not in re.sub(r'"[^"]*"|<svg.*?</svg>', "", words(answer)), path


def test_a_preset_from_a_chat(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    conversation.system_prompt, conversation.temperature = "Be kind.", 0.3
    conversation.save()
    assert f"/presets/new/?conversation={conversation.id}" in words(
        owner_client.get(f"/c/{conversation.id}/")
    )
    path = f"/presets/new/?conversation={conversation.id}"
    page = words(owner_client.get(path))
    assert "Be kind." in page
    assert 'value="0.3"' in page
    body = {**SETTINGS, "name": "Kind", "system_prompt": "Be kind.", "temperature": "0.3"}
    assert owner_client.post(path, body).status_code == 303
    made = Preset.objects.get()
    assert (made.model, made.system_prompt, made.temperature) == ("demo/demo", "Be kind.", 0.3)


def test_nobody_takes_settings_from_somebody_elses_chat(
    owner: User, stranger_client: Client
) -> None:
    conversation = make_conversation(owner)
    path = f"/presets/new/?conversation={conversation.id}"
    assert stranger_client.get(path).status_code == 404
    assert stranger_client.post(path, {"name": "x", **SETTINGS}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("model", "nowhere/m", "is not available"),
        ("model", "", "is not available"),
        ("temperature", "3", "between 0 and 2"),
        ("temperature", "warm", "Enter a number"),
        ("max_tokens", "0", "between 1 and"),
        ("name", "x" * 101, "at most 100 characters"),
        ("system_prompt", "x" * 100_001, "at most 100,000 characters"),
    ],
)
def test_a_bad_preset_is_refused_beside_its_field(
    field: str, value: str, said: str, owner_client: Client
) -> None:
    body = {"name": "A", **SETTINGS, field: value}
    answer = owner_client.post("/presets/new/", body)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f'id="preset-{field}_error"' in words(answer)
    assert not Preset.objects.exists()


def test_a_new_chat_with_a_preset(owner: User, owner_client: Client) -> None:
    made = preset(owner)
    answer = owner_client.get(f"/presets/{made.id}/use/")
    assert (answer.status_code, answer["Location"]) == (303, f"/?preset={made.id}")
    page = words(owner_client.get(f"/?preset={made.id}"))
    assert f'<input type="hidden" name="preset" value="{made.id}"' in page
    assert 'class="preset-chip"' in page
    body = {"content": "Hi", "model": "demo/demo", "preset": str(made.id)}
    owner_client.post("/c/", body)
    started = Conversation.objects.get()
    assert (started.system_prompt, started.temperature) == ("Be brief.", 0.5)
    assert (started.top_p, started.max_tokens) == (0.9, 100)
    chip = words(owner_client.get(f"/presets/{made.id}/use/", headers=HTMX))
    assert 'data-model="demo/demo"' in chip
    assert "<html" not in chip


def test_a_first_message_with_somebody_elses_preset_starts_nothing(
    owner: User, owner_client: Client, stranger: User
) -> None:
    theirs = preset(stranger)
    for named in (str(theirs.id), str(uuid4()), "nonsense"):
        body = {"content": "Kept words", "model": "demo/demo", "preset": named}
        for headers in ({}, HTMX):
            answer = owner_client.post("/c/", body, headers=headers)
            assert answer.status_code == 422
            assert "The preset is not there any more." in words(answer)
            assert headers or "Kept words" in words(answer)
    assert not Conversation.objects.exists()
    for path in (f"/?preset={theirs.id}", f"/?preset={uuid4()}"):
        assert owner_client.get(path).status_code == 404


def test_a_preset_whose_model_is_gone_says_so(owner: User, owner_client: Client) -> None:
    made = preset(owner, model="gone/m")
    said = "needs the model “gone/m”, which is not available to you."
    page = words(owner_client.get(f"/?preset={made.id}"))
    assert said in page
    assert "preset-chip" not in page
    assert said in words(owner_client.get(f"/presets/{made.id}/use/", headers=HTMX))
    conversation = make_conversation(owner)
    path = f"/c/{conversation.id}/preset/"
    refused = owner_client.post(path, {"preset": str(made.id)}, headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#toasts")
    assert said in words(refused)


def test_apply_to_a_chat_and_undo(owner: User, owner_client: Client) -> None:
    conversation, made = make_conversation(owner), preset(owner)
    path = f"/c/{conversation.id}/preset/"
    answer = owner_client.post(path, {"preset": str(made.id)}, headers=HTMX)
    conversation.refresh_from_db()
    assert conversation.system_prompt == "Be brief."
    assert "“Brief” is set" in words(answer)
    assert "Be brief." in words(answer), "the bar comes with the settings"
    before = re.search(r'name="before" value="([^"]+)"', words(answer))
    assert before
    undone = owner_client.post(f"{path}undo/", {"before": before[1]}, headers=HTMX)
    assert 'id="topbar" class="topbar" hx-swap-oob="true"' in words(undone)
    conversation.refresh_from_db()
    assert conversation.system_prompt == ""
    assert owner_client.post(f"{path}undo/", {"before": "x"}, headers=HTMX).status_code == 422
    plain = owner_client.post(path, {"preset": str(made.id)})
    assert (plain.status_code, plain["Location"]) == (303, f"/c/{conversation.id}/")


def test_nobody_sets_a_chat_up_with_somebody_elses_preset(
    owner: User, owner_client: Client, stranger: User
) -> None:
    conversation, theirs = make_conversation(owner), preset(stranger)
    path = f"/c/{conversation.id}/preset/"
    for named in (str(theirs.id), str(uuid4()), "", "x"):
        assert owner_client.post(path, {"preset": named}).status_code == 404
    theirs.is_shared = True
    theirs.save()
    assert owner_client.post(path, {"preset": str(theirs.id)}).status_code == 303


def test_no_more_than_one_can_keep(
    owner: User, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "MOST_OWN", 1)
    made = template(owner, "One")
    answer = owner_client.post("/templates/new/", {"name": "Two", "content": "x"})
    assert answer.status_code == 422
    assert "more are not possible" in words(answer)
    copied = owner_client.post(f"/templates/{made.id}/copy/", follow=True)
    assert "more are not possible" in words(copied)
