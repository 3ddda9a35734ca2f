"""Well-known servers that speak OpenAI's protocol: names and addresses to begin a form with.

Addresses and pages are those of the servers' own documentation; those on the own machine are the
ports that they listen on by default.
"""

from dataclasses import dataclass
from typing import Final

from providers.contract import Adapter

KIND: Final = "openai_compatible"


@dataclass(frozen=True, slots=True)
class Preset:
    """One server; `name` is its own, so it is not translated."""

    slug: str
    name: str
    base_url: str
    key_page: str = ""
    """Where people get a key."""


HOSTED: Final = (
    Preset("cerebras", "Cerebras", "https://api.cerebras.ai/v1", "https://cloud.cerebras.ai/"),
    Preset(
        "deepseek",
        "DeepSeek",
        "https://api.deepseek.com/v1",
        "https://platform.deepseek.com/api_keys",
    ),
    Preset(
        "fireworks",
        "Fireworks",
        "https://api.fireworks.ai/inference/v1",
        "https://app.fireworks.ai/settings/users/api-keys",
    ),
    Preset(
        "gemini",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://aistudio.google.com/apikey",
    ),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1", "https://console.groq.com/keys"),
    Preset(
        "hugging-face",
        "Hugging Face",
        "https://router.huggingface.co/v1",
        "https://huggingface.co/settings/tokens",
    ),
    Preset(
        "mistral", "Mistral", "https://api.mistral.ai/v1", "https://console.mistral.ai/api-keys"
    ),
    Preset(
        "moonshot",
        "Moonshot",
        "https://api.moonshot.ai/v1",
        "https://platform.moonshot.ai/console/api-keys",
    ),
    Preset(
        "nvidia",
        "NVIDIA",
        "https://integrate.api.nvidia.com/v1",
        "https://build.nvidia.com/settings/api-keys",
    ),
    Preset(
        "together",
        "Together",
        "https://api.together.xyz/v1",
        "https://api.together.ai/settings/api-keys",
    ),
    Preset("xai", "xAI", "https://api.x.ai/v1", "https://console.x.ai/"),
)
LOCAL: Final = (
    Preset("litellm", "LiteLLM", "http://localhost:4000/v1"),
    Preset("llama-cpp", "llama.cpp", "http://localhost:8080/v1"),
    Preset("lm-studio", "LM Studio", "http://localhost:1234/v1"),
    Preset("vllm", "vLLM", "http://localhost:8000/v1"),
)


def find_preset(slug: str) -> Preset | None:
    """By its slug."""
    return next((preset for preset in (*HOSTED, *LOCAL) if preset.slug == slug), None)


def key_page(adapter: type[Adapter], base_url: str) -> str:
    """Where people get a key for what is at this address; empty when that is not known."""
    if base_url in ("", adapter.default_base_url):
        return adapter.key_page
    return next((preset.key_page for preset in HOSTED if preset.base_url == base_url), "")
