"""What is known of models of connections that never told theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0004_model_list_total")]

    operations = [
        migrations.AddField(
            model_name="modellist",
            name="presumed",
            field=models.JSONField(default=list),
        ),
    ]
