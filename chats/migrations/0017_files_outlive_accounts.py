"""Files that others use stay when the account that gave them is deleted. Changes no table."""

import chats.models.files
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """By `on_delete`, which Django does."""

    dependencies = [
        ('chats', '0016_spending_so_far'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='attachment',
            name='owner',
            field=models.ForeignKey(on_delete=chats.models.files.hand_over, related_name='attachments', to=settings.AUTH_USER_MODEL),
        ),
    ]
