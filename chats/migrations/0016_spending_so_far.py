"""What the replies that are there used, added up by who asked."""

from typing import Any

from django.db import migrations
from django.db.models import Count, F, Q, Sum

BATCH = 500


def add_up(apps: Any, schema_editor: Any) -> None:
    """What the replies that are there used. Copies from elsewhere are older than their chat."""
    messages = apps.get_model("chats", "Message").objects.filter(
        Q(conversation__imported_by=None)
        | Q(created_at__gt=F("conversation__imported_by__created_at")),
        role="assistant",
        created_at__gte=F("conversation__created_at"),
        input_tokens__isnull=False,
    )
    people = apps.get_model("accounts", "User").objects.values_list("id", "username")
    names = dict(people.iterator())
    spending = apps.get_model("chats", "Spending")
    rows = messages.order_by().values(
        "conversation_id", "author_id", "conversation__owner_id"
    ).annotate(
        replies=Count("id"),
        priced=Count("id", filter=Q(cost_micros__isnull=False)),
        read=Sum("input_tokens", default=0),
        written=Sum("output_tokens", default=0),
        cost=Sum("cost_micros", default=0),
    )
    made = []
    for row in rows:
        person_id = row["author_id"] or row["conversation__owner_id"]
        made.append(
            spending(
                conversation_id=row["conversation_id"],
                person_id=person_id,
                name=names[person_id],
                replies=row["replies"],
                priced=row["priced"],
                input_tokens=row["read"],
                output_tokens=row["written"],
                cost_micros=row["cost"],
            )
        )
    spending.objects.bulk_create(made, batch_size=BATCH)


class Migration(migrations.Migration):
    """Apart from the tables: PostgreSQL changes none whose rows have just come."""

    dependencies = [
        ('chats', '0015_spending'),
    ]

    operations = [
        migrations.RunPython(add_up, migrations.RunPython.noop, elidable=True),
    ]
