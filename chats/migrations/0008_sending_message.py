from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chats", "0007_comparison_order")]

    operations = [
        migrations.RenameField(model_name="sending", old_name="question", new_name="message"),
    ]
