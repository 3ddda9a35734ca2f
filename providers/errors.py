"""Everything that can go wrong with a provider, as one tree.

ProviderError
├── AuthenticationError      the key is missing or wrong
├── PermissionDeniedError    the key may not do this
├── NotFoundError            no such model or address
├── RateLimitedError         too many requests; may carry `retry_after`
│   └── QuotaExhaustedError  the account has no credit left
├── OverloadedError          the provider has a fault of its own (5xx)
├── ContextTooLongError      the conversation does not fit the model
│   ├── ImagesTooLargeError  its images are more than a request may hold
│   └── MessageTooLongError  its last message alone does not fit the model
├── ContentRefusedError      the provider declined the content
├── BadRequestError          the provider did not understand the request
│   └── ImagesNotAcceptedError  the model takes no images; the provider was not asked
├── NetworkError             no connection, or it broke
│   └── CutStreamError       it broke after the reply had begun
├── ProviderTimeoutError     no answer in time
├── MalformedStreamError     the answer is not what the protocol says
├── PluginFailedError        the plug-in that speaks to the provider has a fault
└── AddressRefusedError      the address is one that this site must not call
"""

from typing import ClassVar

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class ProviderError(Exception):
    """Base of the tree.

    `detail` holds the provider's own words (untrusted text, at most 500 characters, never a key).
    `retry_after` is in seconds, from the provider, or None.
    """

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    message: str | Promise = _("The provider could not answer.")
    hint: ClassVar[str | Promise] = _("Try again, or choose another model.")

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail[:500]
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, str | float | bool | None]:
        """Shape stored with a failed reply: kind, message, hint, detail, retryable, retry_after."""
        return {
            "kind": self.kind,
            "message": str(self.message),
            "hint": str(self.hint),
            "detail": self.detail,
            "retryable": self.retryable,
            "retry_after": self.retry_after,
        }


class AuthenticationError(ProviderError):
    """The key is missing or wrong (401)."""

    kind = "authentication"
    message = _("The provider did not accept the key.")
    hint = _("Check the key in Settings, Providers.")


class PermissionDeniedError(ProviderError):
    """The key may not use this (403)."""

    kind = "permission"
    message = _("This key may not use that model.")
    hint = _("Choose another model, or ask the provider for access.")


class NotFoundError(ProviderError):
    """No such model or address (404)."""

    kind = "not_found"
    message = _("The provider does not know this model.")
    hint = _("Choose another model.")


class RateLimitedError(ProviderError):
    """Too many requests (429)."""

    kind = "rate_limited"
    retryable = True
    message = _("The provider asks for a pause.")
    hint = _("Try again in a moment.")


class QuotaExhaustedError(RateLimitedError):
    """No credit left (402, some 429 and 400): waiting does not help."""

    kind = "quota_exhausted"
    retryable = False
    message = _("The account at the provider has no credit left.")
    hint = _("Add credit there, or choose another model.")


class OverloadedError(ProviderError):
    """The provider has a fault of its own (5xx)."""

    kind = "overloaded"
    retryable = True
    message = _("The provider has a problem of its own.")
    hint = _("Try again in a moment, or choose another model.")


class ContextTooLongError(ProviderError):
    """The conversation does not fit the model."""

    kind = "context_too_long"
    message: str | Promise = _("The conversation is too long for this model.")
    hint = _("Start a new chat, or choose a model with a longer context.")


class ImagesTooLargeError(ContextTooLongError):
    """The images of a conversation are more than a request may hold."""

    kind = "images_too_large"
    message = _("The images of this conversation are too large together.")
    hint = _("Start a new chat, or send smaller images.")


class MessageTooLongError(ContextTooLongError):
    """The last message alone does not fit the model; the provider was not asked."""

    kind = "message_too_long"
    hint = _("Shorten it, or choose a model with a longer context.")

    def __init__(self, *, tokens: int, window: int) -> None:
        super().__init__()
        counts = {"tokens": tokens, "window": window}
        self.message = gettext(
            "The message has about %(tokens)s tokens; this model takes %(window)s."
        ) % {name: number_format(count, force_grouping=True) for name, count in counts.items()}


class ContentRefusedError(ProviderError):
    """The provider declined the content."""

    kind = "content_refused"
    message = _("The provider declined to answer this.")
    hint = _("Change the message, or choose another model.")


class BadRequestError(ProviderError):
    """The provider did not understand the request (400, 422)."""

    kind = "bad_request"
    message = _("The provider did not understand the request.")
    hint = _("Check the model's parameters.")


class ImagesNotAcceptedError(BadRequestError):
    """The model takes no images; the provider was not asked."""

    kind = "images_not_accepted"
    message = _("This model does not take images.")
    hint = _("Choose another model, or send the message without them.")


class NetworkError(ProviderError):
    """No connection, or it broke before the reply began."""

    kind = "network"
    retryable = True
    message = _("The provider could not be reached.")
    hint = _("Check the address and the network, then try again.")


class CutStreamError(NetworkError):
    """The connection broke after the reply had begun."""

    kind = "cut"
    message = _("The provider's answer was cut off.")
    hint = _("Choose Continue to go on from here.")


class ProviderTimeoutError(ProviderError):
    """No answer in time."""

    kind = "timeout"
    retryable = True
    message = _("The provider did not answer in time.")
    hint = _("Try again, or choose another model.")


class MalformedStreamError(ProviderError):
    """The answer is not what the protocol says."""

    kind = "malformed"
    message = _("The provider sent something that could not be read.")
    hint = _("Check that the address speaks the chosen protocol.")


class PluginFailedError(ProviderError):
    """The plug-in that speaks to the provider raised what it must not; see `containment`."""

    kind = "plugin_failed"
    message = _("The plug-in failed.")
    hint = _("Choose another model. The administrator finds the details in the log.")


class AddressRefusedError(ProviderError):
    """The address is one that this site must not call (SSRF guard)."""

    kind = "address_refused"
    message = _("This address may not be used.")
    hint = _("Ask the administrator to allow it.")
