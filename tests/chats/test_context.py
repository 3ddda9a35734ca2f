"""What of a conversation fits into a model, and what the page says of the rest."""

from itertools import pairwise

import pytest
from django.test import Client

from accounts.models import User
from chats import context, generation, messages, prompts
from chats.context import Size
from chats.generation import Job
from chats.models import Attachment, Conversation, Message
from providers import routing
from providers.errors import ImagesNotAcceptedError, MessageTooLongError
from providers.routing import Route
from providers.types import Image, ModelInfo, PromptMessage, Text
from tests.chats.pages import make_conversation, make_message

LETTERS = "abcd" * 100
"""A hundred tokens by the rule of thumb; 104 as a message."""


def job_for(conversation: Conversation, content: str = LETTERS, **more: object) -> Job:
    """The next question, its reply claimed."""
    conversation.refresh_from_db()
    posted = messages.post_message(conversation=conversation, content=content, **more)  # type: ignore[arg-type]
    job = generation.claim(posted.reply.id, runner="a")
    assert job is not None
    return job


def route_with(**facts: object) -> Route:
    """The demo, of whose model these things are known."""
    user = User.objects.get()
    route = routing.resolve("demo/demo", user=user)
    return Route(route.adapter, route.model, route.source, ModelInfo(id="demo", **facts))  # type: ignore[arg-type]


def long_conversation(owner: User, turns: int) -> Conversation:
    """Questions and answers of 104 tokens each."""
    conversation = make_conversation(owner, turns=turns)
    Message.objects.update(content=LETTERS)
    return conversation


# --- The rule --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "left_out"), [(50, 0), (49, 2), (30, 2), (29, 4), (10, 4), (9, 4), (-5, 4)]
)
def test_whole_turns_go_and_the_newest_question_stays(room: int, left_out: int) -> None:
    turns = [Size(role, 10) for role in ("user", "assistant") * 2] + [Size("user", 10)]
    assert context.count_left_out(turns, room=room) == left_out


def test_what_is_kept_begins_with_a_question() -> None:
    roles = ["assistant", "user", "user", "assistant", "user", "assistant", "assistant", "user"]
    sizes = [Size(role, 10) for role in roles]  # type: ignore[arg-type]
    cuts = {context.count_left_out(sizes, room=room) for room in range(80)}
    assert cuts == {1, 4, 7}
    assert context.count_left_out(sizes, room=80) == 0


def test_more_room_never_leaves_more_out() -> None:
    sizes = [Size("user" if n % 2 == 0 else "assistant", n % 7) for n in range(101)]
    counts = [context.count_left_out(sizes, room=room) for room in range(400)]
    assert all(later <= earlier for earlier, later in pairwise(counts))
    for room, count in enumerate(counts):
        assert count == 100 or sum(size.tokens for size in sizes[count:]) <= room


def test_an_empty_path_leaves_nothing_out() -> None:
    assert context.count_left_out([], room=-1) == 0


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("世界世界", 3)]
)
def test_rule_of_thumb(text: str, tokens: int) -> None:
    assert context.text_tokens(text) == tokens


@pytest.mark.parametrize(
    ("max_output", "max_tokens", "reserved"),
    [(None, None, 250), (100, None, 100), (900, None, 250), (900, 300, 300), (None, 9999, 500)],
)
def test_room_for_the_reply(max_output: int | None, max_tokens: int | None, reserved: int) -> None:
    found = context.reserved_output(window=1000, max_output=max_output, max_tokens=max_tokens)
    assert found == reserved


# --- The prompt ------------------------------------------------------------------------------


def test_the_oldest_turns_are_left_out_of_the_prompt(owner: User) -> None:
    conversation = long_conversation(owner, 10)
    Conversation.objects.update(system_prompt="Be brief.")
    job = job_for(conversation, "Now?")
    prompt = prompts.build_prompt(job, route_with(context_window=1000))
    # 750 without room for the reply: three turns of 208, the system prompt and the question.
    assert prompt.left_out == 14
    assert len(prompt.request.messages) == 7
    assert prompt.request.messages[0].role == "user"
    assert prompt.request.messages[-1] == PromptMessage("user", (Text("Now?"),))
    assert prompt.request.system == "Be brief."
    assert prompt.estimate < 750


def test_nothing_is_left_out_where_the_window_is_unknown(owner: User) -> None:
    job = job_for(long_conversation(owner, 10))
    prompt = prompts.build_prompt(job, route_with())
    assert (prompt.left_out, len(prompt.request.messages)) == (0, 21)


def test_the_providers_count_corrects_the_estimate(owner: User) -> None:
    conversation = long_conversation(owner, 10)
    job = job_for(conversation)
    route = route_with(context_window=2000)
    assert prompts.build_prompt(job, route).left_out == 8
    assert job.message.parent is not None
    last = job.message.parent.parent
    assert last is not None
    last.metadata = {"context": {"counted": 2000, "estimated": 1000, "tokens": 2100}}
    last.save()
    assert prompts.build_prompt(job, route).left_out == 14
    last.model = "another"
    last.save()
    assert prompts.build_prompt(job, route).left_out == 8


@pytest.mark.parametrize(
    ("counted", "factor"), [(-1, 1), (0, 1), (49, 1), (50, 0.5), (150, 1.5), (10**9, 2)]
)
def test_a_count_that_cannot_be_true_corrects_little(counted: int, factor: float) -> None:
    assert context.correction(counted=counted, estimated=100) == factor
    assert context.correction(counted=counted, estimated=0) == 1


def test_a_continued_reply_keeps_its_beginning(owner: User) -> None:
    conversation = long_conversation(owner, 6)
    job = job_for(conversation, "Last question")
    Message.objects.filter(id=job.message.id).update(content=LETTERS, status="stopped", runner="")
    job.message.refresh_from_db()
    messages.continue_reply(message=job.message)
    again = generation.claim(job.message.id, runner="a")
    assert again is not None
    prompt = prompts.build_prompt(again, route_with(context_window=300))
    assert prompt.left_out == 12
    assert [m.parts for m in prompt.request.messages] == [
        (Text("Last question"),),
        (Text(LETTERS),),
        (Text(prompts.CONTINUE_PROMPT),),
    ]


def test_a_message_that_cannot_fit_is_refused_with_figures(owner: User) -> None:
    conversation = make_conversation(owner)
    fits = job_for(conversation, "abcd" * 1_900)
    assert prompts.build_prompt(fits, route_with(context_window=1000)).left_out == 2
    messages.stop_reply(message=fits.message)
    Message.objects.filter(id=fits.message.id).update(status="stopped")
    too_long = job_for(conversation, "abcd" * 2_100)
    with pytest.raises(MessageTooLongError) as caught:
        prompts.build_prompt(too_long, route_with(context_window=1000))
    assert str(caught.value.message) == (
        "The message has about 2,108 tokens; this model takes 1,000."
    )


# --- Images ----------------------------------------------------------------------------------


def attachment(owner: User) -> Attachment:
    """A row without a file: whoever reads it fails."""
    return Attachment.objects.create(
        owner=owner, name="cat.png", file="gone.png", media_type="image/png", size=9
    )


def test_images_that_are_left_out_are_not_even_read(owner: User) -> None:
    conversation = long_conversation(owner, 3)
    conversation.messages.get(parent=None).attachments.add(attachment(owner))
    job = job_for(conversation)
    assert prompts.build_prompt(job, route_with(context_window=2000)).left_out == 2
    with pytest.raises(OSError, match=r"gone\.png"):
        prompts.build_prompt(job, route_with(context_window=9000))


def test_a_model_that_takes_no_images_gets_none_of_earlier_ones(owner: User) -> None:
    conversation = make_conversation(owner)
    conversation.messages.get(parent=None).attachments.add(attachment(owner))
    job = job_for(conversation)
    prompt = prompts.build_prompt(job, route_with(accepts_images=False))
    assert prompt.images_left_out == 1
    assert not any(isinstance(p, Image) for m in prompt.request.messages for p in m.parts)


def test_a_question_about_an_image_is_not_asked_without_it(owner: User) -> None:
    conversation = make_conversation(owner)
    job = job_for(conversation, attachments=[attachment(owner)])
    with pytest.raises(ImagesNotAcceptedError):
        prompts.build_prompt(job, route_with(accepts_images=False))


# --- The page --------------------------------------------------------------------------------


def test_the_page_says_what_was_left_out(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    reply = conversation.current_leaf
    assert reply is not None
    reply.metadata = {"left_out": 12, "window": 128_000, "images_left_out": 1}
    reply.save()
    page = owner_client.get(f"/c/{conversation.id}/").text
    assert "12 earlier messages were left out: they do not fit into the 128,000 tokens" in page
    assert "1 earlier image was left out" in page


@pytest.mark.parametrize(
    ("micros", "estimated", "shown"),
    [
        (2_100, False, "$0.0021"),
        (1_234_567, False, "$1.23"),
        (12, False, "&lt; $0.0001"),
        (0, False, "free"),
        (30_000, True, "about $0.03"),
        (None, False, ""),
    ],
)
def test_what_a_reply_cost(
    micros: int | None, estimated: bool, shown: str, owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner, turns=0)
    question = make_message(conversation, None, "user", "Hello")
    reply = make_message(conversation, question, "assistant", "Hi", cost_micros=micros)
    reply.metadata = {"usage_estimated": True} if estimated else {}
    reply.save()
    page = owner_client.get(f"/m/{reply.id}/footer/", headers={"HX-Request": "true"}).text
    assert ("What the tokens cost" in page) == (micros is not None)
    assert shown in page
    assert "$0.00<" not in page
