"""Batches: commands that come while one is with the database go together, in order, and each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from core_harness import Shop, assert_books_hold, core, sql

from loadtest.core.batches import Batcher, Overloaded
from loadtest.core.database import Database, Unavailable

NOWHERE = Database("postgresql://unused")


class Slow:
    """A database that takes a batch when it is told to, and notes what was in it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()

    async def __call__(self, _: Database, batch: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(batch))
        await self.gate.wait()
        if 13 in batch:
            raise ValueError("unlucky")
        return [-command for command in batch]


async def start(batcher: Batcher, *commands: tuple[Any, ...]) -> list[asyncio.Future[Any]]:
    tasks = [batcher.submit(*command) for command in commands]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_what_comes_during_a_batch_goes_together_in_the_next() -> None:
    async def story() -> None:
        slow = Slow()
        batcher = Batcher(NOWHERE, slow)
        tasks = await start(batcher, (1,))
        tasks += await start(batcher, (2,), (3,), (4,))
        slow.gate.set()
        assert await asyncio.gather(*tasks) == [-1, -2, -3, -4]
        assert slow.batches == [[1], [2, 3, 4]]
        assert await batcher.submit(5) == -5

    asyncio.run(asyncio.wait_for(story(), 10))


def test_commands_that_exclude_each_other_go_one_after_the_other_in_their_order() -> None:
    async def story() -> None:
        slow = Slow()
        batcher = Batcher(NOWHERE, slow)
        tasks = await start(batcher, (1,))
        tasks += await start(batcher, (2, "a"), (3, "a"), (4, "b"), (5, "a", "b"), (6, "b"))
        slow.gate.set()
        await asyncio.gather(*tasks)
        assert slow.batches == [[1], [2, 4], [3], [5], [6]]

    asyncio.run(asyncio.wait_for(story(), 10))


def test_a_command_that_fails_fails_alone() -> None:
    async def story() -> None:
        slow = Slow()
        batcher = Batcher(NOWHERE, slow)
        tasks = await start(batcher, (1,))
        tasks += await start(batcher, (2,), (13,), (4,))
        slow.gate.set()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [told[0], told[1], told[3]] == [-1, -2, -4]
        assert isinstance(told[2], ValueError)

    asyncio.run(asyncio.wait_for(story(), 10))


def test_a_lost_database_fails_the_batch_and_not_the_queue() -> None:
    async def story() -> None:
        async def lost(_: Database, batch: Sequence[int]) -> Sequence[int]:
            if 1 in batch:
                raise Unavailable("gone")
            return batch

        batcher = Batcher(NOWHERE, lost)
        with pytest.raises(Unavailable):
            await batcher.submit(1)
        assert await batcher.submit(2) == 2

    asyncio.run(asyncio.wait_for(story(), 10))


def test_a_full_queue_refuses_at_once() -> None:
    async def story() -> None:
        slow = Slow()
        batcher = Batcher(NOWHERE, slow)
        tasks = await start(batcher, (0,))
        while batcher.waiting < 512:
            tasks += await start(batcher, (1,))
        with pytest.raises(Overloaded):
            await batcher.submit(2)
        slow.gate.set()
        assert len(await asyncio.gather(*tasks)) == 513
        assert max(len(batch) for batch in slow.batches) == 64

    asyncio.run(asyncio.wait_for(story(), 30))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with core(tmp_path_factory.mktemp("core")) as running:
        running.seed("station", {1: 10, 2: 10, 3: 10})
        yield running
        assert_books_hold(running.ready["database_url"])


_PLACE = """
SELECT status, body::json ->> 'sku' AS sku, (body::json ->> 'available')::int AS available
FROM place_orders($1, $2, $3, $4, $5, $6, $7, $8, $9, 60, $10, $11, $12, $13)
"""


def place(shop: Shop, name: str, baskets: list[dict[int, int]]) -> list[dict[str, Any]]:
    """One batch of orders, straight in the database."""
    count = len(baskets)
    lines = [(number, sku, units) for number, basket in enumerate(baskets, 1) for sku, units in sorted(basket.items())]
    keys = [f"{name} {number}" for number in range(count)]
    columns = [list(column) for column in zip(*lines, strict=True)]
    totals = [100 * sum(basket.values()) for basket in baskets]
    arguments = [["app"] * count, keys, [b"x"] * count, ["station"] * count, totals, ["app"] * count]
    arguments += [["carry"] * count, [None] * count, [None] * count, *columns, [100] * len(lines)]
    return sql(shop.ready["database_url"], _PLACE, *arguments)


def test_a_batch_decides_as_if_its_orders_came_one_by_one(shop: Shop) -> None:
    """By hand, from 10 units each of the items 1 and 2: a refused basket leaves what it cannot have to the next."""
    told = place(shop, "first", [{1: 6}, {1: 5, 2: 1}, {1: 4}, {1: 1, 2: 2}, {2: 10}, {2: 9}, {2: 1}])
    assert [row["status"] for row in told] == [201, 409, 201, 409, 201, 409, 409]
    assert [(row["sku"], row["available"]) for row in told if row["status"] == 409] == [
        ("1", 4),
        ("1", 0),
        ("2", 0),
        ("2", 0),
    ]
    counters = "SELECT sku, held FROM stock WHERE sku < 3 ORDER BY sku"
    assert sql(shop.ready["database_url"], counters) == [{"sku": 1, "held": 10}, {"sku": 2, "held": 10}]


def test_a_repeated_batch_is_replayed_and_takes_nothing(shop: Shop) -> None:
    first = place(shop, "again", [{3: 4}, {3: 4}, {3: 4}])
    again = place(shop, "again", [{3: 4}, {3: 4}, {3: 4}])
    assert [row["status"] for row in first] == [201, 201, 409]
    assert again == first
    held = (
        "SELECT held, (SELECT count(*)::int FROM orders o JOIN lines l ON l.order_id = o.id WHERE l.sku = 3) AS orders"
    )
    assert sql(shop.ready["database_url"], f"{held} FROM stock WHERE sku = 3") == [{"held": 8, "orders": 2}]
