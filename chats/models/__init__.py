"""Conversations, their message trees, attached files, templates and presets.

Own fields and constraints. Reads live in `chats.querysets`, changes in the domain modules.
"""

from chats.models.files import Attachment
from chats.models.library import LibraryEntry, Preset, PromptTemplate
from chats.models.sendings import Sending
from chats.models.trees import TITLE_LENGTH, Conversation, Message

__all__ = [
    "TITLE_LENGTH",
    "Attachment",
    "Conversation",
    "LibraryEntry",
    "Message",
    "Preset",
    "PromptTemplate",
    "Sending",
]
