"""What a database reads a query along, told by its own plan."""

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection

_INDEX: Final = re.compile(
    r"(?:USING INDEX|USING COVERING INDEX|Scan (?:Backward )?using|Index Scan on) (\w+)"
)
# PostgreSQL reads and sorts the few rows of a test as a whole; with many it would not.
_AS_OF_MANY_ROWS: Final = "".join(
    f"SET LOCAL enable_{way} = off;" for way in ("seqscan", "bitmapscan", "sort")
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Names of the indexes that a query is read along, and whether its rows are sorted besides."""

    indexes: list[str]
    sorts: bool


def plan_of(sql: str) -> Plan:
    """How the database would read it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_AS_OF_MANY_ROWS)
            cursor.execute(f"EXPLAIN {sql}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        lines = "\n".join(str(row[-1]) for row in cursor.fetchall())
    return Plan(_INDEX.findall(lines), "TEMP B-TREE" in lines or "Sort Key" in lines)
