"""Options of OpenAI's API. Their values are those of the SDK's types (`openai.types`)."""

from django.utils.translation import gettext_lazy as _

from providers.options import Option

EFFORTS = (
    ("none", _("None")),
    ("minimal", _("Minimal")),
    ("low", _("Low")),
    ("medium", _("Medium")),
    ("high", _("High")),
    ("xhigh", _("Extra high")),
    ("max", _("Maximum")),
)

API_STYLE = Option(
    "api_style",
    _("Protocol"),
    "choice",
    help=_("Which of OpenAI's two protocols to speak. By itself: what suits the model."),
    choices=(
        ("auto", _("What suits the model")),
        ("chat", "Chat Completions"),
        ("responses", "Responses"),
    ),
    default="auto",
    per_chat=False,
)
REASONING_EFFORT = Option(
    "reasoning_effort",
    _("Reasoning effort"),
    "choice",
    help=_("How much a reasoning model thinks before it answers. Not every model knows them all."),
    choices=EFFORTS,
)
REASONING_SUMMARY = Option(
    "reasoning_summary",
    _("Summary of the reasoning"),
    "choice",
    help=_(
        "Shows what a reasoning model thought. Works over Responses; OpenAI asks organisations to "
        "verify themselves for it."
    ),
    choices=(("auto", _("Automatic")), ("concise", _("Concise")), ("detailed", _("Detailed"))),
)
VERBOSITY = Option(
    "verbosity",
    _("Verbosity"),
    "choice",
    help=_("How long the answers are."),
    choices=(("low", _("Low")), ("medium", _("Medium")), ("high", _("High"))),
)
SERVICE_TIER = Option(
    "service_tier",
    _("Service tier"),
    "choice",
    help=_("Flex is cheaper and slower, priority faster and dearer."),
    choices=(
        ("auto", _("As the project is set")),
        ("default", _("Standard")),
        ("flex", _("Flex")),
        ("scale", _("Scale")),
        ("priority", _("Priority")),
    ),
)
