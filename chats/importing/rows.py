"""Writing new rows as they are.

Of very many small lots, `bulk_create` takes longer to write its statements than databases do to
run them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model that have their keys. One statement, no signals."""
    if not rows:
        return
    # Not the proxy, which would be asked for each value.
    connection = connections[DEFAULT_DB_ALIAS]
    fields = _fields(type(rows[0]))

    def prepared(row: models.Model) -> list[Any]:
        values = [(field, field.pre_save(row, add=True)) for field in fields]
        return [
            None if value is None else field.get_db_prep_save(value, connection=connection)
            for field, value in values
        ]

    table = connection.ops.quote_name(rows[0]._meta.db_table)
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join("%s" for _field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608  names are ours
            list(map(prepared, rows)),
        )


@cache
def _fields(model: type[models.Model]) -> list["models.Field[Any, Any]"]:
    return [field for field in model._meta.concrete_fields if not field.generated]
