"""Conversations and all that belongs to them: messages, files, order, sharing, moving house.

Own fields and constraints. Reads live in `chats.querysets`, changes in the domain modules.
"""

from chats.models.files import Attachment
from chats.models.library import LibraryEntry, Preset, PromptTemplate
from chats.models.order import FOLDER_NAME_LENGTH, TAG_NAME_LENGTH, Folder, Tag
from chats.models.search import SearchEntry
from chats.models.sendings import Sending
from chats.models.sharing import Membership, SharedLink, SharedPage
from chats.models.spending import Spending
from chats.models.transfers import Transfer
from chats.models.trees import TITLE_LENGTH, Conversation, Message

__all__ = [
    "FOLDER_NAME_LENGTH",
    "TAG_NAME_LENGTH",
    "TITLE_LENGTH",
    "Attachment",
    "Conversation",
    "Folder",
    "LibraryEntry",
    "Membership",
    "Message",
    "Preset",
    "PromptTemplate",
    "SearchEntry",
    "Sending",
    "SharedLink",
    "SharedPage",
    "Spending",
    "Tag",
    "Transfer",
]
