"""A reply waits for its files to be read, and says how long its model thought."""

import asyncio
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from chats import awaiting, generation
from chats.broadcast import Broadcast
from chats.conversations import start_conversation
from chats.frames import FrameWriter
from chats.generation import Job, Outcome, Progress
from chats.models import Attachment, Message
from chats.pacing import Pacer
from chats.run import Ending, Run
from chats.templatetags.part_tags import reasoning_label
from chats.thoughts import Thoughts
from tests.chats.pages import make_conversation
from tests.chats.test_context import job_for

State = Attachment.State


def being_read(owner: User, name: str = "report.pdf", **fields: Any) -> Attachment:
    """A file that a reader has begun with."""
    values = {"media_type": "application/pdf", "size": 9, "file": "x.pdf", "state": State.READING}
    return Attachment.objects.create(owner=owner, name=name, **{**values, **fields})


# --- Files -----------------------------------------------------------------------------------


def test_only_files_of_the_path_are_waited_for(owner: User, stranger: User) -> None:
    conversation = make_conversation(owner)
    elsewhere = make_conversation(stranger)
    elsewhere.messages.get(parent=None).attachments.add(being_read(stranger))
    other = Message.objects.create(conversation=conversation, role="user", content="Other")
    other.attachments.add(being_read(owner))
    job = job_for(conversation)
    assert awaiting.files_being_read(job) == []
    early = being_read(owner, "early.pdf")
    conversation.messages.get(parent=None, content="Question 0").attachments.add(early)
    assert awaiting.files_being_read(job) == [early.id]
    assert awaiting.file_being_read([early.id]) == early


def test_one_that_a_reader_has_begun_with_is_told_of(owner: User) -> None:
    waiting = being_read(owner, "waiting.pdf")
    begun = being_read(owner, "begun.pdf", heartbeat_at=timezone.now())
    ready = being_read(owner, "ready.pdf", state=State.READY)
    waited_for = [waiting.id, begun.id, ready.id]
    assert awaiting.file_being_read(waited_for) == begun
    Attachment.objects.filter(id=begun.id).update(state=State.FAILED)
    assert awaiting.file_being_read(waited_for) == waiting
    waiting.delete()
    assert awaiting.file_being_read(waited_for) is None


def test_a_look_costs_one_row_whatever_the_length(
    owner: User, django_assert_num_queries: Any
) -> None:
    """Several a second, for minutes: no text is loaded, and the path is not walked again."""
    conversation = make_conversation(owner, turns=30)
    file = being_read(owner)
    conversation.messages.get(parent=None).attachments.add(file)
    job = job_for(conversation)
    with django_assert_num_queries(2) as found:
        waited_for = awaiting.files_being_read(job)
    with django_assert_num_queries(1) as look:
        assert awaiting.file_being_read(waited_for) == file
    asked = [query["sql"] for query in (*found.captured_queries, *look.captured_queries)]
    assert not [sql for sql in asked if "content" in sql or '."text"' in sql]
    assert "chats_message" not in asked[-1]
    assert "LIMIT 1" in asked[-1]


def test_a_reply_without_files_asks_once(owner: User, django_assert_num_queries: Any) -> None:
    job = job_for(make_conversation(owner))
    with django_assert_num_queries(1):
        assert awaiting.file_being_read(awaiting.files_being_read(job)) is None


@pytest.mark.django_db(transaction=True)
async def test_it_says_how_far_it_is_and_goes_on(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "PAUSE", 0.01)
    job, file = await sync_to_async(_job_with_file)(owner)
    said = _Said(job)
    waits: list[int] = []

    async def read() -> None:
        for page in (None, 11, 11, 79):
            pages = None if page is None else 80
            changed = {"pages": pages, "pages_read": page or 0}
            await Attachment.objects.filter(id=file.id).aupdate(**changed)
            await said.until_asked_again(waits)
        await Attachment.objects.filter(id=file.id).aupdate(state=State.FAILED)

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(awaiting.files_read(job, said, on_wait=lambda: waits.append(1)))
        tasks.create_task(read())

    assert said.texts == [
        "Reading “report.pdf”…",
        "Reading “report.pdf”: page 12 of 80",
        "Reading “report.pdf”: page 80 of 80",
        "",
    ]


@pytest.mark.django_db(transaction=True)
async def test_it_waits_no_longer_than_its_limit(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awaiting, "PAUSE", 0.01)
    monkeypatch.setattr(awaiting, "LONGEST_WAIT", 0.05)
    job, _file = await sync_to_async(_job_with_file)(owner)
    async with asyncio.timeout(20):
        await awaiting.files_read(job, _Said(job), on_wait=lambda: None)


@pytest.mark.django_db(transaction=True)
async def test_it_can_be_stopped_meanwhile_and_goes_on_afterwards(
    owner: User, settings: Settings
) -> None:
    settings.PROVIDER_DEMO_DELAY = 0
    file = await sync_to_async(being_read)(owner)
    for ending in (Ending.STOP, None):
        posted = await sync_to_async(start_conversation)(
            user=owner, content="What is it?", model="demo/demo", attachments=[file]
        )
        run = Run(posted.reply.id, runner_id="here", pacer=Pacer())
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            run.task = tasks.create_task(run.execute())
            while run.broadcast._notice is None:  # noqa: ASYNC110 - rows have no events
                await asyncio.sleep(0.01)
            # Much time goes by; with the next look whoever waits is patient anew.
            run._quiet_since = long_ago = time.monotonic() - 10_000
            while run._quiet_since == long_ago:  # noqa: ASYNC110 - rows have no events
                await asyncio.sleep(0.01)
            await run.check_patience()
            assert run._ending is None
            if ending:
                run.end_early(ending)
            else:
                await Attachment.objects.filter(id=file.id).aupdate(state=State.FAILED)
        await posted.reply.arefresh_from_db()
        assert posted.reply.status == ("stopped" if ending else "complete")
    assert posted.reply.metadata["files_unread"] == ["report.pdf"]


def _job_with_file(owner: User) -> tuple[Job, Attachment]:
    file = being_read(owner)
    return job_for(make_conversation(owner), attachments=[file]), file


class _Said(Broadcast):
    """Remembers its notices."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.message.id, text=[], reasoning=[], pacer=Pacer())
        self.texts: list[str] = []

    async def notify(self, kind: str, text: str, seconds: float = 0) -> None:
        assert kind == "reading"
        self.texts.append(text)

    async def until_asked_again(self, waits: list[int]) -> None:
        """Two looks later whatever was written before has been seen."""
        seen = len(waits)
        while len(waits) < seen + 2:  # noqa: ASYNC110 - rows have no events
            await asyncio.sleep(0.005)


# --- Reasoning -------------------------------------------------------------------------------


def test_thoughts_last_from_the_first_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("chats.thoughts.time.monotonic", lambda: now)
    thoughts = Thoughts()
    assert thoughts.milliseconds is None
    thoughts.go_on()
    now = 103.5
    thoughts.go_on()
    now = 110.0
    assert thoughts.end()
    assert not thoughts.end()
    thoughts.go_on()
    assert thoughts.milliseconds == 3_500


def test_a_reply_that_thought_of_nothing_has_no_time() -> None:
    thoughts = Thoughts()
    assert not thoughts.end()
    assert thoughts.milliseconds is None


def test_a_continued_reply_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr("chats.thoughts.time.monotonic", lambda: now)
    thoughts = Thoughts(2_000)
    assert thoughts.milliseconds == 2_000
    thoughts.go_on()
    now = 6.0
    thoughts.go_on()
    assert thoughts.milliseconds == 3_000


@pytest.mark.parametrize(
    ("status", "content", "milliseconds", "label"),
    [
        ("streaming", "", None, "Thinking…"),
        ("streaming", "", 900, "Thinking…"),
        ("streaming", "Text", 12_345, "Thought for 12 s"),
        ("complete", "Text", None, "Reasoning"),
        ("complete", "Text", 0, "Thought briefly"),
        ("complete", "Text", 999, "Thought briefly"),
        ("complete", "Text", 1_000, "Thought for 1 s"),
        ("complete", "Text", 59_499, "Thought for 59 s"),
        ("complete", "Text", 59_500, "Thought for 1 min 0 s"),
        ("complete", "", 125_000, "Thought for 2 min 5 s"),
    ],
)
def test_what_reasoning_is_called(
    status: str, content: str, milliseconds: int | None, label: str
) -> None:
    message = Message(status=status, content=content, reasoning_ms=milliseconds)
    assert reasoning_label(message) == label


def test_the_time_comes_with_the_first_text() -> None:
    frames = FrameWriter("m")
    frames.feed_reasoning("Hm.")
    assert "rt" not in (frames.frame() or {})
    assert "rt" not in frames.snapshot()
    frames.reasoned(1_500)
    frames.feed("Text")
    assert "rt" not in frames.snapshot()
    frame = frames.frame()
    assert frame is not None
    assert (frame["rt"], frames.snapshot()["rt"]) == (1_500, 1_500)
    frames.feed("More")
    assert "rt" not in (frames.frame() or {})


def test_time_and_parts_are_saved_on_the_way_and_at_the_end(owner: User) -> None:
    job = job_for(make_conversation(owner))
    part = {"type": "source", "url": "https://example.org/"}
    progress = Progress(job.message.id, "Text", "Hm.", None, changed=True)
    progress.reasoning_ms, progress.parts = 1_500, [part]
    generation.checkpoint([progress], runner="a")
    job.message.refresh_from_db()
    assert (job.message.reasoning_ms, job.message.parts) == (1_500, [part])
    progress.reasoning_ms, progress.parts = 2_000, [part, part]
    assert generation.finish(progress, Outcome("complete"), runner="a")
    job.message.refresh_from_db()
    assert (job.message.reasoning_ms, job.message.parts) == (2_000, [part, part])


def test_the_page_says_what_could_not_be_read(owner: User, owner_client: Client) -> None:
    reply = make_conversation(owner).current_leaf
    assert reply is not None
    reply.metadata = {"files_unread": ["<b>a.pdf", "b.pdf"]}
    reply.save()
    page = owner_client.get(f"/c/{reply.conversation_id}/").text
    assert "was told that these files could not be read:" in page
    assert "<bdi>&lt;b&gt;a.pdf</bdi>, <bdi>b.pdf</bdi>" in page
