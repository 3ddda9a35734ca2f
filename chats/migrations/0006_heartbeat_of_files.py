"""When a file that is being read was last said to be."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0005_files_parts_library"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="heartbeat_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the process that reads it last said so; empty while it waits.",
                null=True,
            ),
        ),
    ]
