"""What there is to choose from, over HTTP: states, prices, recent ones, long and hostile lists."""

import gzip
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chats.models import Conversation
from providers.models import ApiKey, ModelList, ModelStatus
from tests.chats.pages import HTMX, make_conversation
from tests.data.payloads import PAYLOADS
from tests.markup import Element, parse
from tests.models_upstream import ModelsUpstream


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.DEFAULT_MODEL = ""


@pytest.fixture
def upstream() -> Iterator[ModelsUpstream]:
    with ModelsUpstream() as running:
        yield running


def connect(
    owner: User | None, slug: str, models: list[dict[str, Any]], *, url: str = "", error: str = ""
) -> ApiKey:
    """A connection whose list was fetched just now."""
    key = ApiKey.objects.create(
        user=owner,
        provider="openai_compatible",
        key_name=slug.title(),
        slug=slug,
        encrypted_key="sk-test",
        base_url=url or "http://127.0.0.1:10/v1",
    )
    ModelList.objects.create(api_key=key, offered=models, fetched_at=timezone.now(), error=error)
    return key


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("company/nonsense", "Company lists no such model."),
        ("company/alpha-lrge", "lists no such model. Did you mean “company/alpha-large”?"),
        ("nobody/alpha-large", "No connected provider is called “nobody”. Did you mean “"),
        ("demo/nonsense", "lists no such model."),
        ("company/alpha-large", ""),
        ("failing/nonsense", ""),
        ("waiting/nonsense", ""),
        ("long/nonsense", ""),
        ("demo/demo", ""),
    ],
)
def test_a_default_model_that_nobody_lists_is_saved_with_a_warning(
    name: str, words: str, owner: User, owner_client: Client
) -> None:
    """Said beside the field, at once and later; not where the list is unknown, old or cut."""
    listed = [{"id": "alpha-large"}]
    connect(owner, "company", listed)
    connect(owner, "failing", listed, error="It is down")
    connect(owner, "long", listed)
    ModelList.objects.filter(api_key__slug="long").update(total=9_000)
    connect(owner, "waiting", [])
    ModelList.objects.filter(api_key__slug="waiting").delete()
    saved = owner_client.post("/settings/", {"default_model": name}, headers=HTMX)
    later = owner_client.get("/settings/").text
    for text in (saved.text, later):
        beside = text.partition('id="id_default_model_status"')[2].partition("</div>")[0] or text
        assert words in beside
        assert bool(words) == ("field-help" in beside)
    assert "Saved" in saved.text
    other = owner_client.post("/settings/", {"theme": "dark"}, headers=HTMX).text
    assert "field-help" not in other


def options(client: Client, query: str = "") -> list[Element]:
    """The rows that the picker gets."""
    answer = client.get(f"/models/?{query}", headers=HTMX)
    assert answer.status_code == 200
    return parse(answer.text).by_class("picker-option")


def option(client: Client, name: str) -> Element:
    """The row of one model."""
    found = [each for each in options(client) if each.attributes["data-model"] == name]
    assert found, name
    return found[-1]


def test_an_entry_says_all_that_is_known(owner: User, owner_client: Client) -> None:
    key = connect(
        owner,
        "lab",
        [
            {
                "id": "maker/big-1",
                "name": "Big One",
                "context_window": 128_000,
                "max_output": 16_384,
                "accepts_images": True,
                "accepts_files": False,
                "supports_tools": True,
                "reasons": True,
                "input_price": "2.50",
                "output_price": "10",
            }
        ],
    )
    now = timezone.now()
    ModelStatus.objects.create(
        api_key=key, model="maker/big-1", checked_at=now, samples=[[now.timestamp(), 420]]
    )
    row = option(owner_client, "lab/maker/big-1")
    assert row.by_class("picker-name")[0].text == "Big One"
    assert row.by_class("picker-detail")[0].text == "maker/big-1"
    assert row.by_class("picker-facts")[0].text == (
        "128k context · $2.50 in · $10.00 out · 0.4 s to the first word"
    )
    assert row.by_class("state")[0].attributes["title"] == "Working"
    titles = [each.attributes["title"] for each in row.by_class("ability")]
    assert titles == ["Images", "Tools", "Reasoning"]
    assert {each.attributes["role"] for each in row.by_class("ability")} == {"img"}
    given = {name: row.attributes[f"data-{name}"] for name in ("images", "files", "context")}
    assert given == {"images": "yes", "files": "no", "context": "128000"}
    assert row.attributes["data-max-output"] == "16384"
    assert row.attributes["data-provider"] == "Lab"


def test_the_demo_is_free(owner_client: Client) -> None:
    """What it knows of itself is said, and nothing that nobody will ever know."""
    row = option(owner_client, "demo/demo")
    assert row.by_class("picker-facts")[0].text == "free"
    assert row.attributes["data-images"] == "yes"


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        ({}, "context and price unknown"),
        ({"context_window": 8000}, "8k context · price unknown"),
        ({"input_price": "0", "output_price": "0"}, "context unknown · free"),
        ({"input_price": "0"}, "context unknown · free in · unknown out"),
        (
            {"input_price": "0.000001", "output_price": "3"},
            "context unknown · $0.000001 in · $3.00 out",
        ),
    ],
)
def test_only_zero_is_free(
    prices: dict[str, str], words: str, owner: User, owner_client: Client
) -> None:
    connect(owner, "lab", [{"id": "one", **prices}])
    row = option(owner_client, "lab/one")
    assert row.by_class("picker-facts")[0].text == words
    assert not row.by_class("picker-detail")
    assert row.attributes["data-images"] == "unknown"


def test_what_fails_says_why(owner: User, owner_client: Client) -> None:
    key = connect(owner, "lab", [{"id": "one"}], error="The key was refused. No such <b>key</b>.")
    ModelStatus.objects.create(
        api_key=key, model="one", checked_at=timezone.now(), error="Too busy: <i>wait</i>."
    )
    page = owner_client.get("/models/", headers=HTMX).text
    row = option(owner_client, "lab/one")
    assert row.by_class("state-failing")[0].attributes["title"] == "Failing"
    assert row.by_class("picker-reason")[0].text == "Too busy: <i>wait</i>."
    group = next(g for g in parse(page).by_class("picker-group") if "Lab" in g.text)
    assert group.by_class("picker-head")[0].by_class("state-failing")
    assert group.by_class("picker-error")[0].text == "The key was refused. No such <b>key</b>."
    assert "<b>" not in page
    assert "<i>" not in page


def test_recent_models_come_first(owner: User, stranger: User, owner_client: Client) -> None:
    """The last five different ones that can still be asked; also those that no list has."""
    connect(owner, "lab", [{"id": f"m{number}"} for number in range(9)])
    for number in (0, 1, 2, 3, 4, 5, 6, 6, 5):
        Conversation.objects.create(owner=owner, provider="lab", model=f"m{number}")
    Conversation.objects.create(owner=owner, provider="lab", model="unlisted")
    Conversation.objects.create(owner=owner, provider="gone", model="m1")
    Conversation.objects.create(owner=stranger, provider="lab", model="m8")
    deleted = Conversation.objects.create(owner=owner, provider="lab", model="m7")
    Conversation.objects.filter(id=deleted.id).update(deleted_at=timezone.now())
    page = parse(owner_client.get("/models/", headers=HTMX).text)
    first = page.by_class("picker-group")[0]
    names = [row.attributes["data-model"] for row in first.by_class("picker-option")]
    assert names == ["lab/unlisted", "lab/m5", "lab/m6", "lab/m4"]
    assert "Lab" in first.by_class("picker-detail")[0].text


def test_a_chosen_model_that_no_list_has_can_be_kept(owner: User, owner_client: Client) -> None:
    connect(owner, "lab", [{"id": "one"}])
    rows = options(owner_client, "model=lab/another")
    assert rows[0].attributes["data-model"] == "lab/another"
    conversation = make_conversation(owner)
    Conversation.objects.filter(id=conversation.id).update(provider="gone", model="model")
    page = parse(owner_client.get(f"/c/{conversation.id}/").text)
    assert page.by_class("model-name")[0].text.strip() == "model"
    [facts] = page.all(lambda each: each.attributes.get("id") == "model-facts")
    assert facts.attributes["data-model"] == "gone/model"
    assert "data-context" not in facts.attributes


def test_a_recent_model_that_no_list_has_says_how_it_does(
    owner: User, owner_client: Client
) -> None:
    key = connect(owner, "lab", [{"id": "listed"}])
    Conversation.objects.create(owner=owner, provider="lab", model="unlisted")
    ModelStatus.objects.create(
        api_key=key,
        model="unlisted",
        error="The provider is overloaded.",
        checked_at=timezone.now(),
    )

    row = option(owner_client, "lab/unlisted")
    assert row.by_class("state")[0].attributes["title"] == "Failing"
    assert row.by_class("picker-reason")[0].text == "The provider is overloaded."
    names = [each.attributes["data-model"] for each in options(owner_client)]
    assert names.count("lab/unlisted") == 1, "under Recent only"


def test_pages_carry_the_chosen_model_only(owner: User, owner_client: Client) -> None:
    connect(owner, "lab", [{"id": f"a-model-{n}", "name": f"No. {n}"} for n in range(50)])
    conversation = make_conversation(owner)
    Conversation.objects.filter(id=conversation.id).update(provider="lab", model="a-model-7")
    chat = owner_client.get(f"/c/{conversation.id}/").text
    new = owner_client.get("/", {"model": "lab/a-model-7"}).text
    for page in (chat, new):
        assert set(re.findall(r"a-model-\d+", page)) == {"a-model-7"}
        assert parse(page).by_class("model-name")[0].text.strip() == "No. 7"
    assert f'href="/models/?conversation={conversation.id}"' in chat
    assert 'href="/models/?model=lab%2Fa-model-7"' in new
    assert 'name="model" value="lab/a-model-7" form="composer-form"' in new
    assert "You are writing to" in new


def test_queries_do_not_grow(owner: User, owner_client: Client) -> None:
    """Neither with connections nor with their models."""
    counts = []
    conversation = make_conversation(owner)
    paths = ("/models/", "/", f"/c/{conversation.id}/", f"/models/?conversation={conversation.id}")
    for connections, models in ((1, 1), (8, 60)):
        for number in range(connections):
            offered = [{"id": f"m{each}"} for each in range(models)]
            key = connect(owner, f"lab-{models}-{number}", offered)
            for each in range(models):
                ModelStatus.objects.create(api_key=key, model=f"m{each}", checked_at=timezone.now())
        Conversation.objects.create(owner=owner, provider=f"lab-{models}-0", model="m0")
        owner_client.get("/models/")
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert owner_client.get(path, headers=HTMX).status_code == 200
            counts.append(len(queries))
    assert counts[: len(paths)] == counts[len(paths) :]


@pytest.mark.django_db(transaction=True)
def test_no_provider_is_waited_for(
    owner: User, owner_client: Client, upstream: ModelsUpstream
) -> None:
    """With a list that is there nobody is asked; one that is missing is asked for beside."""
    connect(owner, "lab", [{"id": "one"}], url=upstream.url)
    assert option(owner_client, "lab/one")
    owner_client.get("/models/")
    owner_client.get("/")
    assert upstream.requests == []
    upstream.gate.clear()
    ModelList.objects.all().delete()
    started = time.monotonic()
    assert not [row for row in options(owner_client) if row.attributes["data-model"] == "lab/one"]
    assert time.monotonic() - started < 5  # The upstream says nothing for a minute.
    upstream.models = ["fresh"]
    upstream.gate.set()
    until = time.monotonic() + 20
    while not ModelList.objects.filter(offered__icontains="fresh").exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert option(owner_client, "lab/fresh")
    assert upstream.requests == ["/v1/models"]


def test_a_list_too_long_for_one_answer(owner: User, owner_client: Client) -> None:
    """Each connection has its share, a search finds the rest, and the size is bounded."""
    for number in range(5):
        connect(owner, f"big-{number}", [{"id": f"model-{each}"} for each in range(2000)])
    connect(owner, "small", [{"id": f"mine-{each}"} for each in range(40)])
    answer = owner_client.get("/models/", headers={**HTMX, "Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 60_000
    page = parse(gzip.decompress(answer.content).decode())
    names = [row.attributes["data-model"] for row in page.by_class("picker-option")]
    assert len(names) <= 1000
    assert sum(name.startswith("small/") for name in names) == 40
    for number in range(5):
        assert sum(name.startswith(f"big-{number}/") for name in names) > 180
    assert "models are shown" in page.by_class("picker-more")[0].text
    [found] = options(owner_client, "q=model-1999+BIG-3")
    assert found.attributes["data-model"] == "big-3/model-1999"
    assert options(owner_client, "q=nothing+of+the+kind") == []
    suggested = owner_client.get("/settings/").text.partition("<datalist")[2]
    assert 0 < suggested.partition("</datalist>")[0].count("<option value=") <= 500


def test_hostile_names(owner: User, owner_client: Client) -> None:
    """They are text, in one line, and turn nothing around them."""
    names = [
        *(payload[:200] for payload in PAYLOADS),
        "\u202egpt",
        "\u2069x",
        "   ",
        "\u200b",
        "x" * 200,
    ]
    connect(owner, "lab", [{"id": name, "name": name} for name in names])
    page = owner_client.get("/models/", headers=HTMX).text
    tags = {element.tag for element in parse(page).elements()}
    assert tags <= {"div", "span", "i", "p"}
    labels = [each.text for each in parse(page).by_class("picker-name")]
    assert all(label.strip() for label in labels)
    assert labels.count("(no name)") == 2
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069]", "".join(labels))
    values = [each.attributes["data-model"] for each in parse(page).by_class("picker-option")]
    assert [value for value in values if value.startswith("lab/")] == [f"lab/{n}" for n in names]


def test_a_page_of_links_without_a_script(owner: User, owner_client: Client) -> None:
    connect(owner, "lab", [{"id": "a/b c&d"}])
    page = parse(owner_client.get("/models/", {"model": "lab/a/b c&d"}).text)
    [link] = [a for a in page.by_class("picker-option") if "lab" in a.attributes.get("href", "")]
    assert link.attributes["href"] == "/?model=lab%2Fa%2Fb%20c%26d"
    assert link.attributes["aria-current"] == "true"
    chosen = parse(owner_client.get(link.attributes["href"]).text)
    assert chosen.by_class("model-name")[0].text.strip() == "a/b c&d"


def test_a_page_with_a_form_for_a_conversation(owner: User, owner_client: Client) -> None:
    connect(owner, "lab", [{"id": "one"}, {"id": "two"}])
    conversation = make_conversation(owner)
    page = parse(owner_client.get(f"/models/?conversation={conversation.id}&q=two").text)
    [form] = [f for f in page.by_tag("form") if f.attributes.get("action", "").endswith("/model/")]
    [button] = form.by_class("picker-option")
    answer = owner_client.post(form.attributes["action"], {"model": button.attributes["value"]})
    assert answer["Location"] == f"/c/{conversation.id}/"
    conversation.refresh_from_db()
    assert conversation.model_name == "lab/two"


def test_nobody_sees_the_connections_of_others(
    owner: User, stranger: User, stranger_client: Client
) -> None:
    connect(owner, "lab", [{"id": "secret-model"}])
    conversation = make_conversation(owner)
    assert "secret-model" not in stranger_client.get("/models/").text
    assert (
        "secret-model"
        not in stranger_client.get("/models/", {"model": "lab/secret-model"}, headers=HTMX).text
    )
    path = f"/models/?conversation={conversation.id}"
    assert stranger_client.get(path).status_code == 404
    assert stranger_client.get(path, headers=HTMX).status_code == 404


def test_bad_queries_are_no_errors(owner_client: Client) -> None:
    for query in ("conversation=x", "q=" + "x" * 5000, "model=" + "%00" * 9, "model=/", "q=%ff"):
        assert owner_client.get(f"/models/?{query}", headers=HTMX).status_code == 200
        assert owner_client.get(f"/models/?{query}").status_code == 200
