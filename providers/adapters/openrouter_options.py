"""Options of OpenRouter: https://openrouter.ai/docs/features/provider-routing and
https://openrouter.ai/docs/use-cases/reasoning-tokens."""

from django.utils.translation import gettext_lazy as _

from providers.adapters.openai_options import EFFORTS, VERBOSITY
from providers.options import Option

# What a connection says of its data and its money holds for every chat.
OPTIONS = (
    Option(
        "reasoning_effort",
        _("Reasoning effort"),
        "choice",
        help=_("How much a reasoning model thinks before it answers."),
        choices=EFFORTS,
    ),
    Option(
        "reasoning_tokens",
        _("Reasoning budget"),
        "integer",
        help=_("The most tokens to think with; stands in place of the effort."),
        minimum=1,
        maximum=1_000_000,
    ),
    Option(
        "reasoning",
        _("Reason"),
        "boolean",
        help=_("For models that can answer with and without reasoning."),
    ),
    Option(
        "show_reasoning",
        _("Show the reasoning"),
        "boolean",
        help=_("Without it the model reasons all the same."),
        default=True,
    ),
    VERBOSITY,
    Option(
        "sort",
        _("Prefer providers by"),
        "choice",
        help=_("Otherwise calls are shared out by price, speed and reliability."),
        choices=(
            ("price", _("Price")),
            ("throughput", _("Tokens per second")),
            ("latency", _("Time to the first token")),
        ),
    ),
    Option(
        "context_compression",
        _("Shorten long conversations"),
        "boolean",
        help=_("Leaves out the middle of what does not fit the model."),
    ),
    Option(
        "data_collection",
        _("Providers that keep data"),
        "choice",
        help=_("Whether providers that may store what is sent, or train on it, are used."),
        choices=(("allow", _("Use them")), ("deny", _("Avoid them"))),
        default="allow",
        per_chat=False,
    ),
    Option(
        "zdr",
        _("Zero data retention only"),
        "boolean",
        help=_("Only providers that keep nothing at all."),
        per_chat=False,
    ),
    Option(
        "allow_fallbacks",
        _("Other providers when one fails"),
        "boolean",
        default=True,
        per_chat=False,
    ),
    Option(
        "provider",
        _("Provider routing"),
        "json",
        help=_(
            "A JSON object with OpenRouter's routing options: order, only, ignore, quantizations, "
            "max_price, require_parameters and others."
        ),
        per_chat=False,
    ),
)
