"""Every built-in adapter passes the suite that plug-ins are held to."""

from typing import Any

import pytest

from providers.adapters.anthropic import AnthropicAdapter
from providers.adapters.demo import DemoAdapter
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.openai import OpenAIAdapter
from providers.adapters.openai_compatible import OpenAICompatibleAdapter
from providers.adapters.openrouter import OpenRouterAdapter
from providers.testing import AdapterConformance
from tests.providers.protocols import ChatCompletions, Messages, Ollama, OpenRouter, Responses


class TestOpenAI(AdapterConformance):
    """Over Chat Completions."""

    adapter_class = OpenAIAdapter
    protocol = ChatCompletions()
    options = {"api_style": "chat"}


class TestOpenAIResponses(AdapterConformance):
    """Over Responses."""

    adapter_class = OpenAIAdapter
    protocol = Responses()
    options = {"api_style": "responses"}


class TestOpenAICompatible(AdapterConformance):
    """Over Chat Completions, at any address."""

    adapter_class = OpenAICompatibleAdapter
    protocol = ChatCompletions()


class TestAnthropic(AdapterConformance):
    """Over Messages."""

    adapter_class = AnthropicAdapter
    protocol = Messages()


class TestOpenRouter(AdapterConformance):
    """Over Chat Completions in OpenRouter's manner."""

    adapter_class = OpenRouterAdapter
    protocol = OpenRouter()


class TestOllama(AdapterConformance):
    """Over its own protocol."""

    adapter_class = OllamaAdapter
    protocol = Ollama()


class TestDemo(AdapterConformance):
    """Over nothing."""

    adapter_class = DemoAdapter
    model = "demo"

    @pytest.fixture(autouse=True)
    def _quickly(self, settings: Any) -> None:
        settings.PROVIDER_DEMO_DELAY = 0
