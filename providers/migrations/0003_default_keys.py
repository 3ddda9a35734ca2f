"""Keys from before there were defaults: the oldest active one of each owner and provider."""

from django.db import migrations


def set_defaults(apps, schema_editor):
    """Where there is none yet."""
    keys = apps.get_model("providers", "ApiKey").objects
    found = {(user, provider) for user, provider in _owners(keys.filter(is_default=True))}
    for pk, user, provider in keys.filter(is_active=True).order_by("created_at", "pk").values_list(
        "pk", "user_id", "provider"
    ):
        if (user, provider) not in found:
            found.add((user, provider))
            keys.filter(pk=pk).update(is_default=True)


def _owners(keys):
    return keys.values_list("user_id", "provider")


class Migration(migrations.Migration):

    dependencies = [("providers", "0002_availability_and_sharing")]

    operations = [migrations.RunPython(set_defaults, migrations.RunPython.noop)]
