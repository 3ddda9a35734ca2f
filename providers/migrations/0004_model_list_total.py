"""How many models a connection has, when it has more than are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("providers", "0003_default_keys")]

    operations = [
        migrations.AddField(
            model_name="modellist",
            name="total",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
