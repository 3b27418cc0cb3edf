"""How waiting requests are put together, with a ledger that only answers."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from functions.ai_budget.batching import PATIENCE, STUCK, Alone, Batcher
from functions.ai_budget.ledger import Unavailable

MAY = datetime(2026, 5, 12, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


class Item(NamedTuple):
    tenant_id: str
    request_id: str | None = None
    now: datetime = MAY


class Result(NamedTuple):
    item: Item
    status: str = "ok"


class Ledger:
    """Remembers the batches; `busy` tenants are held by somebody else unless asked for alone."""

    def __init__(self, busy=(), fails=lambda _: None):
        self.batches, self.flying = [], []
        self.busy, self.fails = set(busy), fails
        self.seconds, self.durable = 0.002, None

    async def send(self, items, *, wait, early):
        assert not {i.tenant_id for i in items} & {t for batch in self.flying for t in batch}
        self.batches.append((items, wait))
        self.flying.append([i.tenant_id for i in items])
        flight = self.flying[-1]
        await asyncio.sleep(self.seconds)
        self.flying.remove(flight)
        if error := self.fails(items):
            raise error
        results = [Result(i, "busy" if i.tenant_id in self.busy and not wait else "ok") for i in items]
        if self.durable is not None and early is not None:
            early.freed()
            early.read([r._replace(status="known") if r == Result(Item("known")) else r for r in results])
            await self.durable.wait()
            if error := self.fails(items):
                raise error
        return results


def answers(ledger, items, **settings):
    async def ask():
        batcher = Batcher({"check": ledger.send, "track": ledger.send}, **settings)
        asks = [batcher.submit(kind, item) for kind, item in items]
        return await asyncio.gather(*asks, return_exceptions=True)

    return asyncio.run(ask())


def checks(*items):
    return [("check", item) for item in items]


def test_what_waits_together_goes_in_one_statement_and_each_gets_its_own_answer():
    ledger = Ledger()
    items = [Item(f"t{i % 3}", f"r{i}") for i in range(40)]
    assert [r.item for r in answers(ledger, checks(*items))] == items
    assert [len(batch) for batch, _ in ledger.batches] == [40]


def test_a_batch_has_all_its_answers_made_before_the_first_is_given():
    ledger, events = Ledger(), []

    def answer(result):
        events.append("made")
        if result.item.request_id == "r1":
            raise ValueError("no answer")
        return f"answer to {result.item.request_id}"

    async def ask():
        batcher = Batcher({"check": ledger.send})
        asks = [batcher.submit("check", Item("a", f"r{i}"), answer) for i in range(3)]
        for pending in asks:
            pending.add_done_callback(lambda _: events.append("given"))
        return await asyncio.gather(*asks, return_exceptions=True)

    first, failed, last = asyncio.run(ask())
    assert (first, last) == ("answer to r0", "answer to r2")
    assert isinstance(failed, ValueError)
    assert events == ["made"] * 3 + ["given"] * 3


def test_an_answer_that_cannot_be_given_keeps_none_of_the_others_back(caplog):
    given = []

    def give(answer):
        if answer.item.tenant_id == "gone":
            raise OSError("secret")
        given.append(answer.item.tenant_id)

    async def ask():
        batcher = Batcher({"check": Ledger().send})
        for tenant in ("a", "gone", "b"):
            batcher.begin("check", Item(tenant), None, give)
        return await batcher.submit("check", Item("c"))

    assert asyncio.run(ask()).item == Item("c")
    assert given == ["a", "b"]
    assert [r.getMessage() for r in caplog.records] == ["an answer was not given: OSError"]


class Turn(Alone):
    """Another worker has the turn until `free`; `meets`: how often it is the one that holds a row."""

    shared = True

    def __init__(self, free=False, meets=0):
        self.free, self.meets, self.log = free, meets, []

    def take(self):
        took, self.free = self.free, False
        if took:
            self.log.append("take")
        return took

    def lend(self):
        self.log.append("lend")

    def give(self):
        self.free = True
        self.log.append("give")

    def decline(self):
        self.log.append("decline")

    def met(self):
        self.meets -= 1
        return self.meets >= 0


@pytest.fixture
def patient(monkeypatch):
    """A turn lasts as long as its batch, however slow the machine."""
    monkeypatch.setattr("functions.ai_budget.batching.PATIENCE", 60)


async def durable_later(ledger, events, **settings):
    """Requests of two tenants, committed but durable only later, and one of a third after them."""
    ledger.durable = asyncio.Event()
    batcher = Batcher({"check": ledger.send}, **settings)
    pending = []
    for tenant in ("a", "known"):
        asked = batcher.submit("check", Item(tenant), lambda result: events.append("made") or result.status)
        asked.add_done_callback(lambda _: events.append("given"))
        pending.append(asked)
    await asyncio.sleep(0.01)
    pending.append(batcher.submit("check", Item("b"), lambda result: result.status))
    await asyncio.sleep(0.005)
    return pending


@pytest.mark.usefixtures("patient")
def test_other_workers_go_on_before_a_batch_is_durable_but_nobody_is_answered_before():
    ledger, events, turn = Ledger(), [], Turn(free=True)

    async def ask():
        pending = await durable_later(ledger, events, turn=turn)
        assert events == ["made"]
        assert turn.log == ["take", "lend"]
        assert len(ledger.batches) == 1  # this worker's next batch grows meanwhile
        ledger.durable.set()
        return await asyncio.gather(*pending)

    assert asyncio.run(ask()) == ["ok"] * 3
    assert events == ["made"] * 2 + ["given"] * 2
    assert turn.log == ["take", "lend", "give"] * 2


@pytest.mark.usefixtures("patient")
def test_what_was_not_durable_is_not_answered_as_if_it_were():
    ledger, events = Ledger(), []

    async def ask():
        pending = await durable_later(ledger, events, turn=Turn(free=True))
        ledger.fails = lambda _: Unavailable("lost")
        ledger.durable.set()
        return await asyncio.gather(*pending, return_exceptions=True)

    assert all(isinstance(answer, Unavailable) for answer in asyncio.run(ask()))
    assert len(ledger.batches) == 1


def test_where_nobody_waits_for_the_rows_a_batch_is_durable_at_once():
    ledger, events = Ledger(), []

    async def ask():
        return await asyncio.gather(*await durable_later(ledger, events))

    assert asyncio.run(ask()) == ["ok"] * 3


def test_a_batch_has_a_largest_size_and_a_busy_tenant_does_not_push_the_others_aside():
    ledger = Ledger()
    answers(ledger, checks(*[Item("hot", f"r{i}") for i in range(100)], Item("calm")), size=10, shared=1)
    assert max(len(batch) for batch, _ in ledger.batches) == 10
    assert "calm" in {i.tenant_id for batch, _ in ledger.batches[:3] for i in batch}


def test_one_request_id_occurs_once_in_a_batch():
    ledger = Ledger()
    answers(ledger, checks(*[Item("a", "same")] * 3, Item("a"), Item("a")))
    assert [[i.request_id for i in batch] for batch, _ in ledger.batches] == [
        ["same", None, None],
        ["same"],
        ["same"],
    ]


def test_a_batch_is_of_one_month():
    ledger = Ledger()
    answers(ledger, checks(Item("a", now=MAY), Item("a", now=JUNE), Item("b", now=JUNE), Item("b", now=MAY)))
    assert all(len({i.now for i in batch}) == 1 for batch, _ in ledger.batches)


def test_a_tenant_is_in_one_statement_at_a_time_also_across_kinds():
    ledger = Ledger()
    items = [(("check", "track")[i % 2], Item("a", f"r{i}")) for i in range(20)]
    assert len(answers(ledger, items)) == 20
    assert len(ledger.batches) == 2


def test_a_held_tenant_is_asked_for_alone():
    ledger = Ledger(busy={"held"})
    results = answers(ledger, checks(Item("held"), Item("free")))
    assert {r.status for r in results} == {"ok"}
    assert [([i.tenant_id for i in batch], wait) for batch, wait in ledger.batches] == [
        (["held", "free"], False),
        (["held"], True),
    ]


def test_what_the_database_refuses_is_refused_alone():
    ledger = Ledger(fails=lambda items: ValueError("bad") if Item("bad") in items else None)
    good, bad = answers(ledger, checks(Item("good"), Item("bad")))
    assert good.status == "ok"
    assert isinstance(bad, ValueError)


def test_without_a_database_all_that_wait_are_told_at_once():
    ledger = Ledger(fails=lambda _: Unavailable("away"))
    results = answers(ledger, checks(*[Item("a", f"r{i}") for i in range(25)]), size=10, shared=1)
    assert all(isinstance(r, Unavailable) for r in results)
    assert len(ledger.batches) == 1


@pytest.mark.parametrize("callers", [1, 64])
def test_callers_that_come_back_are_gathered_again(callers):
    ledger = Ledger()

    async def ask():
        batcher = Batcher({"check": ledger.send})

        async def caller(number):
            for turn in range(5):
                await batcher.submit("check", Item("a", f"{number}-{turn}"))
                await asyncio.sleep(0)

        await asyncio.gather(*[caller(number) for number in range(callers)])

    asyncio.run(ask())
    assert len(ledger.batches) == 5


def test_a_tenant_that_another_worker_held_is_asked_for_again_with_the_others():
    ledger = Ledger(busy={"held"})
    results = answers(ledger, checks(Item("held"), Item("free")), turn=Turn(free=True, meets=2))
    assert {r.status for r in results} == {"ok"}
    assert [([i.tenant_id for i in batch], wait) for batch, wait in ledger.batches] == [
        (["held", "free"], False),
        (["held"], False),
        (["held"], False),
        (["held"], True),
    ]


def test_a_batch_waits_for_the_turn_and_grows_meanwhile():
    ledger, turn = Ledger(), Turn()

    async def ask():
        batcher = Batcher({"check": ledger.send}, turn=turn)
        first = batcher.submit("check", Item("a", "r1"))
        await asyncio.sleep(0.005)
        second = batcher.submit("check", Item("a", "r2"))
        await asyncio.sleep(0)
        assert ledger.batches == []
        turn.free = True
        batcher.rung()
        await asyncio.gather(first, second)
        batcher.rung()

    asyncio.run(ask())
    assert [len(batch) for batch, _ in ledger.batches] == [2]
    assert turn.log == ["take", "give", "decline"]


def test_a_batch_that_gets_no_turn_goes_without():
    ledger, turn = Ledger(), Turn()

    async def ask():
        began = asyncio.get_running_loop().time()
        await Batcher({"check": ledger.send}, turn=turn).submit("check", Item("a"))
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(ask()) >= STUCK
    assert turn.log == []


def test_a_batch_that_takes_long_gives_its_turn_back_and_lets_the_next_one_pass():
    ledger, turn = Ledger(), Turn(free=True)
    ledger.seconds = 3 * PATIENCE

    async def ask():
        batcher = Batcher({"check": ledger.send}, turn=turn)
        slow = batcher.submit("check", Item("a"))
        await asyncio.sleep(PATIENCE / 2)
        ledger.seconds = 0.0
        await batcher.submit("check", Item("b"))
        assert not slow.done()
        await slow

    asyncio.run(ask())
    assert turn.log == ["take", "give", "take", "give"]


def test_having_waited_for_a_turn_delays_no_later_batch():
    ledger, turn = Ledger(), Turn()

    async def ask():
        loop = asyncio.get_running_loop()
        batcher = Batcher({"check": ledger.send}, turn=turn)
        waiting = [batcher.submit("check", Item("a", f"r{i}")) for i in range(8)]
        await asyncio.sleep(0.002)
        turn.free = True
        batcher.rung()
        await asyncio.gather(*waiting)
        began = loop.time()
        await batcher.submit("check", Item("a"))
        return loop.time() - began

    assert asyncio.run(ask()) < STUCK / 2
