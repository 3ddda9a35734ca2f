"""Any server that speaks Chat Completions: llama.cpp, vLLM, LM Studio, a company's gateway."""

from django.utils.translation import gettext_lazy as _

from providers.adapters.openai import OpenAIAdapter
from providers.errors import AddressRefusedError


class OpenAICompatibleAdapter(OpenAIAdapter):
    """A server named by its base URL; a key is needed only where the server wants one."""

    kind = "openai_compatible"
    label = _("OpenAI-compatible server")
    needs_key = False
    needs_base_url = True
    preferred_models = ()

    @property
    def base_url(self) -> str:
        """Has no default: a key must not go to OpenAI because an address is missing."""
        if not self.connection.base_url:
            raise AddressRefusedError
        return self.connection.base_url
