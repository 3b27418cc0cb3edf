"""How waiting requests are put together, with a ledger that only answers."""

import asyncio

from functions.ai_budget import batching
from functions.ai_budget.batching import Batcher
from functions.ai_budget.ledger import Unavailable


class Ledger:
    """Remembers its batches and answers each item with itself; `fails` raises for a batch."""

    def __init__(self, fails=lambda _items: None):
        self.batches, self.in_flight, self.fails = [], set(), fails

    async def run(self, operation, tenant, items):
        assert tenant not in self.in_flight, "two statements of one tenant at a time"
        self.in_flight.add(tenant)
        self.batches.append((operation, tenant, items))
        await asyncio.sleep(0.002)
        self.in_flight.remove(tenant)
        self.fails(items)
        return items


def submitted(ledger, *requests):
    async def submit():
        batcher = Batcher(ledger.run)
        return await asyncio.gather(*[batcher.submit(*r) for r in requests], return_exceptions=True)

    return asyncio.run(submit())


def test_what_arrives_while_a_statement_is_in_flight_forms_the_next_one():
    ledger = Ledger()
    assert submitted(ledger, *[("check", "a", i) for i in range(5)]) == [0, 1, 2, 3, 4]

    async def in_two_rounds():
        batcher = Batcher(ledger.run)
        first = asyncio.create_task(batcher.submit("check", "a", "first"))
        await asyncio.sleep(0.001)
        await asyncio.gather(first, *[batcher.submit("check", "a", i) for i in range(3)])

    ledger.batches.clear()
    asyncio.run(in_two_rounds())
    assert ledger.batches == [("check", "a", ["first"]), ("check", "a", [0, 1, 2])]


def test_tenants_do_not_wait_for_each_other_and_operations_are_not_mixed():
    ledger = Ledger()
    requests = [("check", "a", 1), ("track", "a", 2), ("check", "a", 3), ("check", "b", 4)]
    assert submitted(ledger, *requests) == [1, 2, 3, 4]
    assert ledger.batches == [("check", "a", [1, 3]), ("check", "b", [4]), ("track", "a", [2])]


def test_an_item_that_the_database_rejects_does_not_fail_the_others():
    def reject(items):
        if "bad" in items:
            raise ValueError("rejected")

    first, bad, last = submitted(Ledger(reject), *[("check", "a", item) for item in ("x", "bad", "y")])
    assert (first, last) == ("x", "y")
    assert isinstance(bad, ValueError)


def test_a_database_that_is_away_fails_the_whole_batch_after_one_try():
    def away(_items):
        raise Unavailable("away")

    ledger = Ledger(away)
    results = submitted(ledger, ("check", "a", 1), ("check", "a", 2))
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert len(ledger.batches) == 1


def test_a_caller_waits_no_longer_than_the_limit_and_the_next_batch_leaves_it_out(monkeypatch):
    monkeypatch.setattr(batching, "ANSWER_SECONDS", 0.05)

    async def hang():
        ready, batches = asyncio.Event(), []

        async def run(_operation, _tenant, items):
            batches.append(items)
            await ready.wait()
            return items

        batcher = Batcher(run)
        calls = [asyncio.create_task(batcher.submit("check", "a", 1))]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        calls.append(asyncio.create_task(batcher.submit("check", "a", 2)))
        results = await asyncio.gather(*calls, return_exceptions=True)
        ready.set()
        assert await batcher.submit("check", "a", 3) == 3
        return results, batches

    results, batches = asyncio.run(hang())
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert batches == [[1], [3]]


def test_a_long_queue_is_split(monkeypatch):
    monkeypatch.setattr(batching, "LARGEST", 10)
    ledger = Ledger()
    assert submitted(ledger, *[("check", "a", i) for i in range(25)]) == list(range(25))
    assert [len(items) for _, _, items in ledger.batches] == [10, 10, 5]
