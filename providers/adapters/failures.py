"""From what a provider answers, when it is no reply, to the tree in `providers.errors`."""

import math
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from providers import errors

_CONTEXT = re.compile(
    r"context[ _]length|context[ _]window|prompt is too long|maximum context|too many tokens"
    r"|input is too long|reduce the length",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"content[ _](policy|filter|management)|content_policy_violation|safety system|moderation"
    r"|usage polic(y|ies)",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient_quota|credit balance|billing|exceeded your current quota", re.IGNORECASE
)
_KEY_LIKE = re.compile(r"\b(sk|pk|rk|key)-[\w-]{8,}")
# As OpenAI quotes one, with its first and last characters: these are not for everybody either.
_MASKED_KEY = re.compile(r"(?<![\w-])([\w-]*\*{3,}[\w*-]*|(sk|pk|rk|key)-[\w-]*(\.{2,}|…)[\w-]*)")
_MOST_READ = 10_000
"""Characters of a message: what comes later is not shown."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")

_BY_STATUS: dict[int, type[errors.ProviderError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.QuotaExhaustedError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.ProviderTimeoutError,
    413: errors.ContextTooLongError,
    422: errors.BadRequestError,
    429: errors.RateLimitedError,
}
# Names that errors have inside a stream, where there is no status.
_BY_NAME: dict[str, type[errors.ProviderError]] = {
    "authentication_error": errors.AuthenticationError,
    "invalid_request_error": errors.BadRequestError,
    "not_found_error": errors.NotFoundError,
    "overloaded_error": errors.OverloadedError,
    "permission_error": errors.PermissionDeniedError,
    "rate_limit_error": errors.RateLimitedError,
    "request_too_large": errors.ContextTooLongError,
    "timeout_error": errors.ProviderTimeoutError,
    "bio_policy": errors.ContentRefusedError,
    "context_length_exceeded": errors.ContextTooLongError,
    "image_content_policy_violation": errors.ContentRefusedError,
    "insufficient_quota": errors.QuotaExhaustedError,
    "invalid_api_key": errors.AuthenticationError,
    "misalignment_policy_violation": errors.ContentRefusedError,
    "model_not_found": errors.NotFoundError,
    "rate_limit_exceeded": errors.RateLimitedError,
}
# Names of what was wrong with a request, of which there are many: trying again would not help.
_FAULTY = re.compile(r"(invalid|unsupported|empty|image|failed_to_download)_")


def from_answer(
    status: int, body: object, headers: Mapping[str, str], *, key: str
) -> errors.ProviderError:
    """The error for an answer with a status of 300 or more."""
    message, names = _read(body)
    detail = own_words(message, key=key)
    if 300 <= status < 400:
        return errors.AddressRefusedError(f"{status} {headers.get('location', '')[:200]}".strip())
    kind = _refined(_by_status(status), f"{names} {message}")
    return kind(detail or f"HTTP {status}", retry_after=retry_after(headers))


def from_exception(error: Exception, *, key: str) -> errors.ProviderError | None:
    """The error for what an SDK or the network raised; None for what is a defect of ours."""
    import httpx2

    for cause in _causes(error):
        if isinstance(cause, errors.ProviderError):
            return cause
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        headers = getattr(getattr(error, "response", None), "headers", {})
        return from_answer(status, getattr(error, "body", None), headers, key=key)
    for cause in _causes(error):
        if isinstance(cause, httpx2.TimeoutException):
            return errors.ProviderTimeoutError()
    if isinstance(error, httpx2.InvalidURL):
        return errors.AddressRefusedError(str(error))
    if isinstance(error, httpx2.RequestError | OSError):
        # While reading the answer: before that, the SDK wraps it in an error of its own.
        return errors.CutStreamError()
    if type(error).__name__ == "APIConnectionError":
        return errors.NetworkError(network_words(error, key=key))
    return None


def from_event(body: object, *, key: str) -> errors.ProviderError:
    """The error for an error event inside a stream: anything that says nothing else is theirs."""
    message, names = _read(body)
    found = (kind for name in names.split() if (kind := _by_name(name)))
    kind = _refined(next(found, errors.OverloadedError), f"{names} {message}")
    return kind(own_words(message, key=key))


def own_words(message: str, *, key: str) -> str:
    """The provider's words on one line, at most 500 characters, without the key."""
    if key:
        message = message.replace(key, "…")
    # Half of a surrogate pair could be put on no page.
    message = message[:_MOST_READ].encode(errors="replace").decode()
    message = _MASKED_KEY.sub("…", message)
    message = _KEY_LIKE.sub(r"\1-…", message)
    return _CONTROL.sub(" ", message).strip()[:500]


def network_words(error: BaseException, *, key: str) -> str:
    """What the system says of a connection, without its numbers and Python's way of putting it."""
    text = str(_causes(error)[-1])
    if numbers := re.findall(r"\[Errno (\d+)\]", text):
        return ", ".join(dict.fromkeys(os.strerror(int(number)) for number in numbers))
    return own_words(re.sub(r"^\[Errno -\d+\] ", "", text), key=key)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms`, or `Retry-After` as seconds or as a date."""
    with suppress(KeyError, ValueError):
        return _bounded(float(headers["retry-after-ms"]) / 1000)
    value = headers.get("retry-after", "")
    with suppress(ValueError):
        return _bounded(float(value))
    try:
        date = parsedate_to_datetime(value)
        # Without a zone it is GMT; others are so far away that the machine's may overflow.
        moment = date.replace(tzinfo=date.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return _bounded(moment - time.time())


def _bounded(seconds: float) -> float | None:
    """At most a day; a number of seconds can be nan or inf, which could not be stored."""
    return None if math.isnan(seconds) else min(max(0.0, seconds), 86400.0)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what led to it, outermost first."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    return chain


def _by_status(status: int) -> type[errors.ProviderError]:
    return _BY_STATUS.get(
        status, errors.OverloadedError if status >= 500 else errors.BadRequestError
    )


def _by_name(name: str) -> type[errors.ProviderError] | None:
    """A status may stand where a name does: OpenRouter and llama.cpp say it as `code`."""
    if re.fullmatch(r"[345]\d\d", name):
        return _by_status(int(name))
    return _BY_NAME.get(name) or (errors.BadRequestError if _FAULTY.match(name) else None)


def _refined(kind: type[errors.ProviderError], words: str) -> type[errors.ProviderError]:
    """Providers use 400, 403 and 429 for several things and tell them apart in words."""
    if kind is errors.BadRequestError and _CONTEXT.search(words):
        return errors.ContextTooLongError
    if kind in (errors.BadRequestError, errors.PermissionDeniedError) and _POLICY.search(words):
        return errors.ContentRefusedError
    if kind in (errors.BadRequestError, errors.RateLimitedError) and _NO_CREDIT.search(words):
        return errors.QuotaExhaustedError
    return kind


def _read(body: object) -> tuple[str, str]:
    """Message, and the words that name the error, of the shapes that are about."""
    if isinstance(body, dict):
        inner: Any = body.get("error", body)
        if isinstance(inner, dict):
            message = inner.get("message") or inner.get("detail") or ""
            metadata = inner.get("metadata")
            # What the provider behind OpenRouter said itself.
            if isinstance(metadata, dict) and isinstance(raw := metadata.get("raw"), str):
                message = f"{message}: {raw}"
            names = [inner.get("type"), inner.get("code")]
            return str(message), " ".join(str(name) for name in names if name)
        return str(inner), ""
    # A web page from some proxy says nothing to a reader.
    return ("", "") if not isinstance(body, str) or "<" in body else (body, "")
