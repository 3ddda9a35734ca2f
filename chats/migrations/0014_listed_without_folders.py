from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chats', '0013_import_seen_at'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversation_listed',
        ),
        migrations.RemoveIndex(
            model_name='conversation',
            name='conversation_in_folder',
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True)), fields=['folder', '-updated_at', '-id'], name='conversation_in_folder'),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True), ('folder__isnull', True)), fields=['owner', '-updated_at', '-id'], name='conversation_listed'),
        ),
    ]
