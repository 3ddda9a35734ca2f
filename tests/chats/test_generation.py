"""Claiming, prompts, checkpoints, ends and the sweep."""

from datetime import timedelta

import pytest

from chats import conversations, generation, messages, prompts
from chats.generation import Outcome, Progress
from chats.models import Conversation, Message
from providers.types import PromptMessage, Text, Usage
from tests.chats.conftest import answer, exchange

Status = Message.Status


@pytest.fixture
def reply(conversation: Conversation) -> Message:
    """A pending reply to a second question."""
    return messages.post_message(conversation=conversation, content="More?").reply


def progress(reply: Message, text: str, *, changed: bool = True) -> Progress:
    """What a runner would save."""
    return Progress(reply.id, text, "", None, changed)


def test_a_reply_is_claimed_once(reply: Message) -> None:
    assert generation.claim(reply.id, runner="a") is not None
    assert generation.claim(reply.id, runner="b") is None
    reply.refresh_from_db()
    assert (reply.status, reply.runner) == (Status.STREAMING, "a")


def test_prompt_is_the_path_and_nothing_else(conversation: Conversation, reply: Message) -> None:
    Conversation.objects.filter(id=conversation.id).update(
        system_prompt="Be brief.", temperature=0.5
    )
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    request = prompts.prepare(job, job.model_name).request
    assert request.messages == (
        PromptMessage("user", (Text("Hello there"),)),
        PromptMessage("assistant", (Text("An answer."),)),
        PromptMessage("user", (Text("More?"),)),
    )
    assert request.system == "Be brief."
    assert (request.parameters.temperature, request.parameters.top_p) == (0.5, None)


def test_prompt_leaves_other_branches_out(conversation: Conversation) -> None:
    exchange(conversation, "second")
    first = conversation.messages.get(parent=None)
    edited = messages.edit_message(message=first, content="Other start")
    job = generation.claim(edited.reply.id, runner="a")
    assert job is not None
    request = prompts.prepare(job, job.model_name).request
    assert request.messages == (PromptMessage("user", (Text("Other start"),)),)


def test_questions_without_an_answer_between_them_are_one_turn(
    conversation: Conversation,
) -> None:
    reply = exchange(conversation, "first try", "")
    Message.objects.filter(id=reply.id).update(status=Status.FAILED)
    conversation.refresh_from_db()
    again = messages.post_message(conversation=conversation, content="second try").reply
    job = generation.claim(again.id, runner="a")
    assert job is not None
    assert prompts.prepare(job, job.model_name).request.messages[2:] == (
        PromptMessage("user", (Text("first try"), Text("second try"))),
    )


def test_continue_gives_the_partial_reply_and_one_line(conversation: Conversation) -> None:
    reply = exchange(conversation, "x", "half an ans")
    Message.objects.filter(id=reply.id).update(status=Status.INTERRUPTED)
    reply.refresh_from_db()
    messages.continue_reply(message=reply)
    job = generation.claim(reply.id, runner="a")
    assert job is not None
    assert prompts.prepare(job, job.model_name).request.messages[-2:] == (
        PromptMessage("assistant", (Text("half an ans"),)),
        PromptMessage("user", (Text(prompts.CONTINUE_PROMPT),)),
    )


def test_checkpoint_saves_and_reports_what_to_give_up(reply: Message) -> None:
    generation.claim(reply.id, runner="a")
    assert generation.checkpoint([progress(reply, "so far")], runner="a") == set()
    messages.stop_reply(message=reply)
    assert generation.checkpoint([progress(reply, "so far!")], runner="a") == {reply.id}
    reply.refresh_from_db()
    assert reply.content == "so far!"


def test_checkpoint_of_somebody_else_changes_nothing(reply: Message) -> None:
    generation.claim(reply.id, runner="a")
    assert generation.checkpoint([progress(reply, "stolen")], runner="b") == {reply.id}
    reply.refresh_from_db()
    assert reply.content == ""


def test_a_reply_ends_once(reply: Message) -> None:
    generation.claim(reply.id, runner="a")
    usage = Usage(input_tokens=3, output_tokens=2)
    done = Outcome(Status.COMPLETE, usage=usage, finish_reason="stop")
    assert generation.finish(progress(reply, "all"), done, runner="a")
    assert not generation.finish(progress(reply, "x"), Outcome(Status.FAILED), runner="a")
    reply.refresh_from_db()
    assert (reply.status, reply.content, reply.input_tokens) == (Status.COMPLETE, "all", 3)


def test_continued_reply_adds_up_what_was_used(reply: Message) -> None:
    for text in ("half", "half and half"):
        generation.claim(reply.id, runner="a")
        outcome = Outcome(Status.INTERRUPTED, usage=Usage(input_tokens=10, output_tokens=4))
        generation.finish(progress(reply, text), outcome, runner="a")
        reply.refresh_from_db()
        messages.continue_reply(message=reply)
    reply.refresh_from_db()
    assert (reply.input_tokens, reply.output_tokens) == (20, 8)


def test_sweep_interrupts_only_the_silent(reply: Message) -> None:
    generation.claim(reply.id, runner="a")
    assert generation.interrupt_orphans(silent_for=timedelta(seconds=10)) == []
    assert generation.interrupt_orphans(silent_for=timedelta(0)) == [reply.id]
    reply.refresh_from_db()
    assert reply.status == Status.INTERRUPTED
    assert generation.checkpoint([progress(reply, "late")], runner="a") == {reply.id}


def test_deleted_conversation_gives_its_replies_up(
    conversation: Conversation, reply: Message
) -> None:
    generation.claim(reply.id, runner="a")
    conversations.delete_conversation(conversation=conversation)
    assert generation.checkpoint([progress(reply, "so far")], runner="a") == {reply.id}


def test_purge_removes_for_good_only_after_the_undo_period(conversation: Conversation) -> None:
    answer(conversation.messages.get(role="assistant"))
    conversations.delete_conversation(conversation=conversation)
    assert conversations.purge_deleted() == 0
    assert conversations.purge_deleted(older_than=timedelta(0)) == 1
    assert not Message.objects.exists()
