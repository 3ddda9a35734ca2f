"""One reply's life in this process, with the demo as its provider."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import OperationalError
from pytest_django import Settings

from chats import conversations, events, generation, messages
from chats.broadcast import Broadcast
from chats.database import in_database
from chats.frames import SLICE, FrameWriter
from chats.models import Attachment, Message
from chats.pacing import Pacer
from chats.rendering import render
from chats.run import Ending, Run
from chats.runner import Runner
from providers.types import Usage
from tests.chats.conftest import answer
from tests.conftest import make_user
from tests.viewer import Shown
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
Status = Message.Status


@pytest.fixture
def layer(settings: Settings) -> InMemoryChannelLayer:
    """The channel layer, empty."""
    settings.PROVIDER_DEMO_DELAY = 0
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    async_to_sync(layer.flush)()
    return layer


@pytest.fixture
def reply(layer: InMemoryChannelLayer) -> Message:
    """A pending reply by the demo."""
    return conversations.start_conversation(
        user=make_user("rita"), content="Show me a table", model="demo/demo"
    ).reply


async def make(reply: Message) -> Message:
    """Make it, to its end."""
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    await run.execute()
    return await current(reply)


async def current(reply: Message) -> Message:
    """As it is in the database."""
    return await Message.objects.aget(id=reply.id)


async def frames(layer: InMemoryChannelLayer, channel: str) -> list[dict[str, Any]]:
    """What was sent to a page, up to the end of a reply."""
    received: list[dict[str, Any]] = []
    while not received or received[-1]["t"] != "end":
        message = await asyncio.wait_for(layer.receive(channel), 5)
        received.append(json.loads(json.dumps(message["payload"])))
    return received


async def test_a_page_that_comes_before_the_claim_sees_the_continued_text(
    reply: Message, layer: InMemoryChannelLayer
) -> None:
    await sync_to_async(answer)(reply, "The **first** half. ")
    await sync_to_async(messages.continue_reply)(message=reply)
    await layer.group_add(events.conversation_group(reply.conversation_id), "page")
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    await run.broadcast.show_to("page")
    await run.execute()
    shown = Shown()
    for frame in await frames(layer, "page"):
        if frame["t"] == "snapshot":
            shown.reset(frame["html"], frame["tail"])
        elif frame["t"] == "frame":
            shown.apply(frame)
    assert shown.text.startswith("The first half. I am Parley")


async def test_a_reply_that_comes_all_at_once_is_rendered_in_slices(
    reply: Message, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f"Line *{number}*.\n\n" for number in range(4_000))
    assert len(text) > 5 * SLICE
    monkeypatch.setattr("providers.adapters.demo_replies.compose", lambda *_a, **_o: text)
    monkeypatch.setattr("providers.adapters.demo.re.findall", lambda *_a: [text])
    await layer.group_add(events.conversation_group(reply.conversation_id), "page")
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    await run.broadcast.show_to("page")
    await run.execute()
    shown = Shown()
    received = await frames(layer, "page")
    for frame in received:
        if frame["t"] == "frame":
            assert len(str(frame)) < 5 * SLICE
            shown.apply(frame)
    assert len(received) > 6
    assert shown.html == render(text)


async def test_a_page_that_comes_late_to_a_long_reply_sees_all_of_it(
    reply: Message, layer: InMemoryChannelLayer, settings: Settings
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0.01
    text = "".join(f"Line *{number}*.\n\n" for number in range(4_000))
    await sync_to_async(answer)(reply, text)
    await sync_to_async(messages.continue_reply)(message=reply)
    await layer.group_add(events.conversation_group(reply.conversation_id), "page")
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    run.task = asyncio.create_task(run.execute())
    await until(lambda: run.claimed)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await run.broadcast.show_to("page")
    counting.cancel()
    assert turns >= len(text) // SLICE
    await run.task
    snapshot = (await frames(layer, "page"))[0]
    assert snapshot["html"].startswith(render(text[:10_000])[:5_000])
    assert "<em>3999</em>" in snapshot["html"]


async def test_a_page_that_comes_after_the_end_is_told_so_and_nothing_stays_behind(
    reply: Message, layer: InMemoryChannelLayer
) -> None:
    pacer = Pacer()
    run = Run(reply.id, runner_id="here", pacer=pacer)
    await run.execute()
    tasks = asyncio.all_tasks()
    await run.broadcast.show_to("page")
    (last,) = await frames(layer, "page")
    assert (last["t"], last["n"], last["status"]) == ("end", None, Status.COMPLETE)
    assert (pacer.watched, asyncio.all_tasks() - tasks) == (0, set())


async def test_an_estimate_counts_only_what_is_new(
    reply: Message, layer: InMemoryChannelLayer, settings: Settings
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0.01
    await sync_to_async(answer)(reply, "x" * 4000)
    await sync_to_async(messages.continue_reply)(message=reply)
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    run.task = asyncio.create_task(run.execute())
    await until(lambda: len(run.take_progress().content) > 4000)
    run.end_early(Ending.STOP)
    await run.task
    ended = await current(reply)
    assert ended.status == Status.STOPPED
    assert ended.metadata["usage_estimated"] is True
    assert "counted" not in ended.metadata["context"]
    assert ended.output_tokens is not None
    assert 0 < ended.output_tokens < 1000


async def test_a_lost_image_fails_the_reply_and_leaves_it_to_be_tried_again(
    reply: Message, layer: InMemoryChannelLayer, caplog: pytest.LogCaptureFixture
) -> None:
    question = await Message.objects.select_related("conversation").aget(children=reply)
    attachment = await Attachment.objects.acreate(
        owner_id=question.conversation.owner_id,
        name="gone.png",
        file=f"attachments/{uuid4().hex}.png",
        media_type="image/png",
        size=1,
    )
    await question.attachments.aadd(attachment)
    ended = await make(reply)
    assert ended.status == Status.FAILED
    assert ended.error is not None
    assert ended.error["kind"] == "internal"
    assert "Making reply" in caplog.text


async def test_what_the_database_publishes_is_sent_on_the_layers_own_loop() -> None:
    async def loop_of_the_layer() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    used = await in_database(async_to_sync(loop_of_the_layer))
    assert used is asyncio.get_running_loop()


async def test_a_process_that_could_not_save_for_long_spares_its_own_replies(
    reply: Message, layer: InMemoryChannelLayer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0.01
    monkeypatch.setattr("chats.runner.SWEEP_INTERVAL", 0.05)
    monkeypatch.setattr("chats.runner.SILENT_FOR", timedelta(0))
    orphan = await sync_to_async(messages.regenerate_reply)(message=await make(reply))
    mine = await sync_to_async(messages.regenerate_reply)(message=await current(reply))
    runner = Runner(asyncio.get_running_loop())
    runner.start(mine.id)
    await until(lambda: mine.id in runner.runs)
    runner.open()
    try:
        await until(lambda: status_is_final(mine))
        await until(lambda: status_is_final(orphan))
    finally:
        await runner.shutdown(0)
    assert (await current(mine)).status == Status.COMPLETE
    assert (await current(orphan)).status == Status.INTERRUPTED


async def status_is_final(reply: Message) -> bool:
    """Whether it has ended.

    The tests' database lives in memory, where a reader is refused while another thread writes.
    """
    try:
        return not (await current(reply)).is_live
    except OperationalError:
        return False


async def test_a_reply_that_is_asked_for_again_while_its_end_is_told_is_made_again(
    reply: Message, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, told = asyncio.Event(), asyncio.Event()
    publish = Broadcast._publish

    async def tell_late(run: Broadcast, payload: dict[str, Any]) -> None:
        saved.set()
        await told.wait()
        await publish(run, payload)

    monkeypatch.setattr(Broadcast, "_publish", tell_late)
    await layer.group_add(events.conversation_group(reply.conversation_id), "page")
    runner = Runner(asyncio.get_running_loop())
    runner.start(reply.id)
    await saved.wait()
    before = await current(reply)
    await sync_to_async(messages.continue_reply)(message=await current(reply))
    runner.start(reply.id)
    await asyncio.sleep(0.05)
    told.set()
    await frames(layer, "page")
    await frames(layer, "page")
    ended = await current(reply)
    assert (before.status, ended.status) == (Status.COMPLETE, Status.COMPLETE)
    assert len(ended.content) > len(before.content)


async def test_the_runner_renews_its_membership_which_expires_after_a_day(
    layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chats.runner._JOIN_INTERVAL", 0.05)
    runner = Runner(asyncio.get_running_loop())
    runner.open()
    try:
        await until(lambda: layer.groups.get(events.RUNNERS))
        (channel,) = layer.groups[events.RUNNERS]
        layer.groups[events.RUNNERS][channel] = joined = time.time() - 86_000
        await until(lambda: layer.groups[events.RUNNERS][channel] > joined)
    finally:
        await runner.shutdown(0)


async def test_a_database_that_is_away_for_a_moment_costs_no_text(
    reply: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, failures = generation.finish, [OperationalError("database is locked")]

    def finish(*args: Any, **options: Any) -> bool:
        if failures:
            raise failures.pop()
        return save(*args, **options)

    monkeypatch.setattr("chats.run.generation.finish", finish)
    monkeypatch.setattr("chats.run._SAVE_PAUSES", (0.01,))
    ended = await make(reply)
    assert (ended.status, failures) == (Status.COMPLETE, [])
    assert "|" in ended.content


async def test_an_end_that_cannot_be_stored_costs_no_text(
    reply: Message, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = Usage(input_tokens=10**30, output_tokens=-1)
    monkeypatch.setattr("providers.adapters.demo.Usage", lambda **_counts: usage)
    ended = await make(reply)
    assert ended.status == Status.COMPLETE
    assert "|" in ended.content
    assert "cannot be saved as it is" in caplog.text


async def test_pages_hear_of_an_end_that_cannot_be_rendered(
    reply: Message, layer: InMemoryChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(writer: FrameWriter) -> None:
        raise ValueError

    monkeypatch.setattr(FrameWriter, "last_frame", fail)
    channel = await layer.new_channel()
    await layer.group_add(events.conversation_group(reply.conversation_id), channel)
    run = Run(reply.id, runner_id="here", pacer=Pacer())
    await run.broadcast.show_to(channel)
    await run.execute()
    last = (await frames(layer, channel))[-1]
    assert (last["t"], last["n"], last["status"]) == ("end", None, Status.COMPLETE)
