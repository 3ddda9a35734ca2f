"""Which product an object is a conversation of: told by its content, never by a file's name."""

from collections.abc import Mapping
from typing import Any

from chats.importing import chatgpt, claude, librechat, open_webui, parley

ORDER = (
    ("parley", parley.is_one),
    ("claude", claude.is_one),
    ("chatgpt", chatgpt.is_one),
    ("librechat", librechat.is_one),
    ("open_webui", open_webui.is_one),
)
"""The loosest last."""


def product_of(item: Mapping[str, Any]) -> str:
    """As `Transfer.Source` has it; empty for none."""
    return next((name for name, is_one in ORDER if is_one(item)), "")
