"""Folders that one person changes in two windows at the same moment."""

import asyncio

import pytest

from tests.person import Person

pytestmark = pytest.mark.server


async def make(person: Person, name: str, parent: str = "") -> str:
    """A folder; its id."""
    answer = await person.submit("/folders/new/", {"name": person.own(name), "parent": parent})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].split("/")[2]


async def test_two_moves_at_once_close_no_circle(ann: Person) -> None:
    for number in range(5):
        first, second = await make(ann, f"A{number}"), await make(ann, f"B{number}")
        answers = await asyncio.gather(
            ann.submit(f"/folders/{first}/move/", {"folder": second}, htmx=True),
            ann.submit(f"/folders/{second}/move/", {"folder": first}, htmx=True),
        )
        assert sorted(each.status_code for each in answers) == [200, 422]


async def test_a_move_and_a_deletion_at_once_lose_nothing(ann: Person) -> None:
    for number in range(5):
        top = await make(ann, f"Top{number}")
        middle = await make(ann, f"Middle{number}", top)
        inner = await make(ann, f"Inner{number}", middle)
        answers = await asyncio.gather(
            ann.submit(f"/folders/{middle}/move/", {"folder": ""}),
            ann.submit(f"/folders/{middle}/delete/", {}),
            ann.submit(f"/folders/{top}/move/", {"folder": inner}, htmx=True),
        )
        assert all(each.status_code in {200, 303, 404, 422} for each in answers)
        assert (await ann.get(f"/folders/{middle}/")).status_code == 404
        page = (await ann.get("/folders/")).text
        assert all(f'href="/folders/{folder}/"' in page for folder in (top, inner))
