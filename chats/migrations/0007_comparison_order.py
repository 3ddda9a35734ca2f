"""In which order replies stand that are shown side by side."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0006_heartbeat_of_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="comparison_order",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Its place among them; a new version takes it over.",
                null=True,
            ),
        ),
    ]
