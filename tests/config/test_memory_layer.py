"""The channel layer of one process: who gets what, and what is forgotten."""

import asyncio

from channels.layers import get_channel_layer

from config.memory_layer import MemoryLayer


def test_it_is_the_sites_layer() -> None:
    assert isinstance(get_channel_layer(), MemoryLayer)


async def test_a_group_gets_what_is_sent_to_it() -> None:
    layer = MemoryLayer()
    await layer.group_add("readers", "ann")
    await layer.group_add("readers", "ben")
    await layer.group_add("others", "cid")
    await layer.group_send("readers", {"type": "news"})
    assert await layer.receive("ann") == {"type": "news"}
    assert await layer.receive("ben") == {"type": "news"}
    assert "cid" not in layer.channels


async def test_a_full_channel_takes_nothing_from_the_others() -> None:
    layer = MemoryLayer(capacity=1)
    await layer.group_add("readers", "slow")
    await layer.group_add("readers", "quick")
    for number in range(3):
        await layer.group_send("readers", {"type": "news", "number": number})
        assert (await layer.receive("quick"))["number"] == number
    assert (await layer.receive("slow"))["number"] == 0


async def test_what_nobody_fetched_is_forgotten_with_its_channel() -> None:
    layer = MemoryLayer(expiry=0.01)
    await layer.group_add("readers", "gone")
    await layer.group_send("readers", {"type": "news"})
    await asyncio.sleep(1.1)
    await layer.group_send("readers", {"type": "news"})
    assert "gone" not in layer.channels
    assert "gone" not in layer.groups["readers"]
