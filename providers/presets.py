"""Well-known servers that speak OpenAI's protocol: names and addresses to begin a form with.

Addresses are those of the servers' own documentation; those on the own machine are the ports that
they listen on by default.
"""

from dataclasses import dataclass
from typing import Final

KIND: Final = "openai_compatible"


@dataclass(frozen=True, slots=True)
class Preset:
    """One server; `name` is its own, so it is not translated."""

    slug: str
    name: str
    base_url: str


HOSTED: Final = (
    Preset("cerebras", "Cerebras", "https://api.cerebras.ai/v1"),
    Preset("deepseek", "DeepSeek", "https://api.deepseek.com/v1"),
    Preset("fireworks", "Fireworks", "https://api.fireworks.ai/inference/v1"),
    Preset("gemini", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    Preset("groq", "Groq", "https://api.groq.com/openai/v1"),
    Preset("hugging-face", "Hugging Face", "https://router.huggingface.co/v1"),
    Preset("mistral", "Mistral", "https://api.mistral.ai/v1"),
    Preset("moonshot", "Moonshot", "https://api.moonshot.ai/v1"),
    Preset("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1"),
    Preset("together", "Together", "https://api.together.xyz/v1"),
    Preset("xai", "xAI", "https://api.x.ai/v1"),
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
