from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chats', '0012_search_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='source_seen_at',
            field=models.DateTimeField(blank=True, editable=False, help_text="Its file's newest message when it was imported last: later ones are new.", null=True),
        ),
    ]
