"""What the pages of imports say: why a file, a conversation or a part of it does not come in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chats.models import Transfer


@dataclass(frozen=True, slots=True)
class Said:
    """A problem or a remark in words."""

    title: str
    sentence: str


def file_sentence(code: str) -> str:
    """Why a file as a whole is not read."""
    sentences = {
        "bomb": _("The archive grows far too large when it is unpacked, so it is not read."),
        "broken_off": _("The archive is not whole: its export broke off. Export once more."),
        "damaged": _("The file is damaged and cannot be read."),
        "empty": _("The file is empty."),
        "locked": _("The archive is locked with a password. Save it without one first."),
        "memory": _("The file cannot be read: it needs too much memory, or it is damaged."),
        "newer": _("This export is of a newer version of Parley. Update this site first."),
        "not_json": _("This is neither JSON nor a ZIP file, so it is no export of chats."),
        "nothing": _("No conversation was found in the file. Parley reads its own exports and "
                     "those of ChatGPT, Claude, Open WebUI and LibreChat."),
        "time": _("Reading the file took too long and was ended."),
        "waited": _("Nobody started this import within a day, so its file was deleted."),
        "cancelled": _("The import was cancelled."),
        "unknown": _("The file could not be read because of a fault on this site."),
    }  # fmt: skip
    return sentences.get(code, sentences["unknown"])


def problem_sentence(problem: Mapping[str, Any]) -> str:
    """Why one conversation is not taken."""
    values = {"length": 0, "limit": 0, "count": 0} | dict(problem.get("values") or {})
    sentences = {
        "cut": _("The file ends in the middle of it: the file is not whole."),
        "damaged": _("It is damaged: this is not valid JSON."),
        "deep": _("It is nested too deeply."),
        "empty": _("It has no messages."),
        "encoding": _("It is not in UTF-8."),
        "memory": _("It needs too much memory to be read."),
        "not_conversation": _("This is no conversation of a product that Parley knows."),
        "slow": _("Reading it takes too long, so it is left out."),
        "too_large": _("It is larger than 64 MB."),
        "too_long": _("One text has %(length)d characters; up to %(limit)d are possible."),
        "too_many": _("It has %(count)d messages; up to %(limit)d are possible."),
        "twice": _("It is in the file twice; the first one counts."),
        "changed": _("It has grown, but what its new messages answer was deleted here."),
        "fault": _("It could not be stored because of a fault on this site."),
    }
    words = str(problem.get("words") or "")
    return words or sentences.get(problem["code"], sentences["damaged"]) % values


def problems_of(transfer: Transfer) -> list[Said]:
    """Those that are listed, in words."""
    return [
        Said(each["title"] or _("Untitled"), problem_sentence(each))
        for each in transfer.report.get("problems", ())
    ]


def remarks_of(transfer: Transfer) -> list[str]:
    """What else does not come in as it was, a sentence each."""
    report = transfer.report
    notes, over = report.get("notes", {}), report.get("passed_over", {})
    counted = (
        (report.get("missing", 0), _missing),
        (report.get("twice", 0), _twice),
        (notes.get("cycles", 0) + notes.get("parents", 0), _mended),
        (notes.get("twice", 0), _twice_messages),
        (notes.get("folder", 0), _folders),
        (notes.get("folders_over", 0), _folders_over),
        (notes.get("tags_over", 0), _tags_over),
        (notes.get("tags", 0), _tags),
        (notes.get("files", 0), _files),
        (notes.get("parts", 0) + notes.get("options", 0), _parts),
        (over.get("elsewhere", 0), _elsewhere),
        (over.get("nested", 0), _nested),
        (over.get("locked", 0), _locked),
        (over.get("twice", 0) + over.get("method", 0), _unreadable),
    )
    return [words(count) % {"count": count} for count, words in counted if count]


def _missing(count: int) -> str:
    return ngettext(
        "%(count)d file is not in the export; its message comes in without it.",
        "%(count)d files are not in the export; their messages come in without them.",
        count,
    )


def _twice(count: int) -> str:
    return ngettext(
        "%(count)d conversation is in the file twice and comes in once.",
        "%(count)d conversations are in the file twice and come in once.",
        count,
    )


def _mended(count: int) -> str:
    return ngettext(
        "%(count)d message names a message before it that is not there, or itself: it becomes a "
        "first one.",
        "%(count)d messages name a message before them that is not there, or themselves: they "
        "become first ones.",
        count,
    )


def _twice_messages(count: int) -> str:
    return ngettext(
        "%(count)d message has an id that another one has, too.",
        "%(count)d messages have ids that others have, too.",
        count,
    )


def _folders(count: int) -> str:
    return ngettext(
        "%(count)d conversation was in a folder whose name the export does not tell.",
        "%(count)d conversations were in folders whose names the export does not tell.",
        count,
    )


def _folders_over(count: int) -> str:
    return ngettext(
        "%(count)d folder is more than you can keep here; its chats come in without it.",
        "%(count)d folders are more than you can keep here; their chats come in without them.",
        count,
    )


def _tags_over(count: int) -> str:
    return ngettext(
        "%(count)d tag is more than you can keep here; its chats come in without it.",
        "%(count)d tags are more than you can keep here; their chats come in without them.",
        count,
    )


def _tags(count: int) -> str:
    return ngettext(
        "%(count)d tag of a chat that has more than 20 is left out.",
        "%(count)d tags of chats that have more than 20 are left out.",
        count,
    )


def _files(count: int) -> str:
    return ngettext(
        "%(count)d file is left out: its message has more than ten.",
        "%(count)d files are left out: their messages have more than ten.",
        count,
    )


def _parts(count: int) -> str:
    return ngettext(
        "%(count)d source, tool call or option is left out: there are too many.",
        "%(count)d sources, tool calls or options are left out: there are too many.",
        count,
    )


def _elsewhere(count: int) -> str:
    return ngettext(
        "%(count)d entry of the archive leads elsewhere by its name or is a link; it is left out.",
        "%(count)d entries of the archive lead elsewhere by their names or are links; they are "
        "left out.",
        count,
    )


def _nested(count: int) -> str:
    return ngettext(
        "%(count)d archive within the archive is left out.",
        "%(count)d archives within the archive are left out.",
        count,
    )


def _locked(count: int) -> str:
    return ngettext(
        "%(count)d entry of the archive is locked with a password and left out.",
        "%(count)d entries of the archive are locked with a password and left out.",
        count,
    )


def _unreadable(count: int) -> str:
    return ngettext(
        "%(count)d entry of the archive is there twice or packed in an unusual way; it is "
        "left out.",
        "%(count)d entries of the archive are there twice or packed in an unusual way; they are "
        "left out.",
        count,
    )


def day_of(seconds: object) -> datetime | None:
    """A moment of the report, for pages."""
    if isinstance(seconds, int | float):
        return datetime.fromtimestamp(seconds, UTC)
    return None
