"""What people had written at the owner's expense."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models.trees import Conversation


class Spending(models.Model):
    """What one person's requests used in a conversation, added up as replies end.

    Messages may be deleted, and accounts; this stays as long as the conversation.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="spendings"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Who asked, be it the owner; empty once the account is deleted."),
    )
    name = models.CharField(max_length=150, help_text=_("Of the person, to be kept."))
    replies = models.PositiveIntegerField(
        default=0, help_text=_("That used anything; going on with one counts again.")
    )
    priced = models.PositiveIntegerField(default=0, help_text=_("Replies whose cost is known."))
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cost_micros = models.PositiveBigIntegerField(
        default=0, help_text=_("In millionths of a US dollar.")
    )

    class Meta:
        """Each person once in each conversation."""

        verbose_name = _("spending")
        verbose_name_plural = _("spendings")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "person"], name="spending_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.conversation_id}"
