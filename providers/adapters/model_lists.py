"""Lists of models as servers send them: hostile input, of many shapes, with gaps."""

from collections.abc import Callable
from typing import Any

from providers import errors
from providers.adapters.sdk import MOST_TOKENS, clean, mapping
from providers.types import ModelInfo

MOST_MODELS = 20_000
"""Far more than anybody lists; those that are kept are fewer, and `refresh` says so."""
LONGEST_NAME = 200
# Kinds of model that LM Studio, Together and others list beside those to chat with.
NOT_FOR_CHAT = frozenset(
    {"audio", "embedding", "embeddings", "image", "moderation", "rerank", "transcribe", "video"}
)

Row = dict[str, Any]


def read_models(body: object, read: Callable[[Row], ModelInfo | None]) -> list[ModelInfo]:
    """What `read` makes of each row, in the server's order; `None` leaves a row out.

    At most `MOST_MODELS`, each id once. A row has a text as its `id`, clean and short enough. Rows
    that are nonsense are left out; raises `MalformedStreamError` when that leaves none.
    """
    rows = _rows(body)
    found: dict[str, ModelInfo] = {}
    readable = 0
    for row in rows:
        name = _id(row)
        if name is None:
            continue
        readable += 1
        if name not in found and (model := read({**row, "id": name})):
            found[name] = model
            if len(found) == MOST_MODELS:
                break
    if rows and not readable:
        raise errors.MalformedStreamError(str(body)[:80])
    return list(found.values())


def name_of(row: Row) -> str:
    """What people call the model; nothing when that is its id."""
    for field in ("display_name", "name"):
        name = row.get(field)
        if isinstance(name, str) and (text := _one_line(name)[:LONGEST_NAME]):
            return "" if text == row["id"] else text
    return ""


def tokens_of(*values: object) -> int | None:
    """The first that is a number of tokens; what is a text, zero or absurd says nothing."""
    for value in values:
        if type(value) is int and 0 < value <= MOST_TOKENS:
            return value
    return None


def compatible_model(row: Row) -> ModelInfo | None:
    """A model of any server that speaks the protocol, with what that server adds of itself:

    vLLM `max_model_len`; llama.cpp `meta` and `capabilities`; LM Studio `max_context_length`,
    `type` and `capabilities`; Groq `context_window` and `max_completion_tokens`; Mistral
    `max_context_length` and `capabilities`; Together `context_length` and `type`.
    """
    kind, abilities = row.get("type"), row.get("capabilities")
    is_chat = not isinstance(abilities, dict) or abilities.get("completion_chat") is not False
    if not is_chat or (isinstance(kind, str) and kind in NOT_FOR_CHAT):
        return None
    meta = mapping(row.get("meta"))
    images = {"vlm": True, "llm": False}.get(kind) if isinstance(kind, str) else None
    return ModelInfo(
        id=row["id"],
        name=name_of(row),
        context_window=tokens_of(
            row.get("loaded_context_length"),
            row.get("max_model_len"),
            row.get("context_window"),
            row.get("context_length"),
            row.get("max_context_length"),
            meta.get("n_ctx"),
            meta.get("n_ctx_train"),
        ),
        max_output=tokens_of(row.get("max_completion_tokens"), row.get("max_output_tokens")),
        accepts_images=_able(abilities, "vision", "multimodal") if images is None else images,
        supports_tools=_able(abilities, "function_calling", "tool_use", "tools"),
        reasons=_able(abilities, "reasoning", "thinking"),
    )


def _rows(body: object) -> list[Row]:
    """The list under `data`, under `models`, or by itself; texts become rows."""
    lists = body if isinstance(body, dict) else {"data": body}
    rows = lists.get("data")
    models = lists.get("models")
    if not isinstance(rows, list):
        rows, models = models, None
    if not isinstance(rows, list):
        raise errors.MalformedStreamError(str(body)[:80])
    made = [{"id": row} if isinstance(row, str) else mapping(row) for row in rows]
    # llama.cpp sends both, and says in the second what its model can do.
    more = [row for row in models if isinstance(row, dict)] if isinstance(models, list) else []
    if len(more) == len(made):
        return [{**other, **row} for other, row in zip(more, made, strict=True)]
    return made


def _id(row: Row) -> str | None:
    """The name to call it by. One that is too long is none: cut off, it would name another."""
    name = row.get("id") or row.get("model") or row.get("name")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return None
    return _one_line(name) or None


def _one_line(text: str) -> str:
    """Without control characters, and without those that turn the direction of writing."""
    text = clean(text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def _able(abilities: object, *names: str) -> bool | None:
    """From words (what is absent is unknown) or from words with yes and no."""
    if isinstance(abilities, list):
        return True if any(name in abilities for name in names) else None
    answers = (mapping(abilities).get(name) for name in names)
    return next((answer for answer in answers if isinstance(answer, bool)), None)
