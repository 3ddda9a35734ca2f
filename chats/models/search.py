"""What search looks in: the words of titles and messages."""

from django.conf import settings
from django.db import models

from chats.models.trees import Conversation, Message


class SearchEntry(models.Model):
    """The words of a title (no message) or of a stretch of a message; written by `chats.indexing`.

    On SQLite triggers keep the full-text table `chats_searchwords` in step; on PostgreSQL there is
    a column `vector` with a GIN index. Neither is known to Django: whoever alters this table in a
    migration has to make them anew (see the migration that made them).
    """

    id = models.BigIntegerField(
        primary_key=True, help_text="Grows with the date: its seconds, and a place in them."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="+")
    size = models.PositiveIntegerField(help_text="How many words it has.")
    words = models.TextField(help_text="What it is filtered by, then its words.")

    class Meta:
        """Found by its words; walked by owner, newest first."""

        indexes = [models.Index(fields=["owner", "-id"], name="search_entry_by_owner")]

    def __str__(self) -> str:
        return f"words of {self.message_id or self.conversation_id}"
