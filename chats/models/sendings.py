"""Which forms were taken: what is sent again after a lost answer is made once."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chats.models.sharing import SharedLink
from chats.models.trees import Message


class Sending(models.Model):
    """A form with its page's own key, and the message or link that it made. Kept for a day."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="+")
    link = models.ForeignKey(SharedLink, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    class Meta:
        """One thing for each key of an owner, by the database's word."""

        verbose_name = _("sending")
        verbose_name_plural = _("sendings")
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="sending_once")]

    def __str__(self) -> str:
        return str(self.key)
