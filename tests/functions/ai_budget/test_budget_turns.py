"""Turns between real processes: a record lock belongs to a process."""

import asyncio
import os
import signal
import time
from multiprocessing import get_context

import pytest

from functions.ai_budget import turns
from functions.ai_budget.turns import Turns


def worker(turns, number, pipe):
    """Does what it is told; counts how often it is rung for."""
    rings = []

    async def main():
        turns.join(number, lambda: rings.append(number))
        loop = asyncio.get_running_loop()
        while (asked := await loop.run_in_executor(None, pipe.recv)) is not None:
            await asyncio.sleep(0)
            pipe.send(len(rings) if asked == "rings" else getattr(turns, asked)())

    asyncio.run(main())


class Team:
    def __init__(self, count):
        self.turns, self.pipes, self.processes = Turns(count), [], []
        for number in range(count):
            mine, theirs = get_context("fork").Pipe()
            self.pipes.append(mine)
            self.processes.append(
                get_context("fork").Process(target=worker, args=(self.turns, number, theirs))
            )
            self.processes[-1].start()

    def ask(self, number, what):
        self.pipes[number].send(what)
        return self.pipes[number].recv()

    def stop(self):
        for pipe, process in zip(self.pipes, self.processes, strict=True):
            if process.is_alive():
                pipe.send(None)
            process.join(5)


@pytest.fixture
def strangers():
    """Workers that did not meet."""
    made = Team(3)
    yield made
    made.stop()


@pytest.fixture
def team(strangers):
    """Workers that met."""
    assert strangers.ask(0, "met")
    return strangers


def test_workers_that_did_not_meet_do_not_wait_for_each_other(strangers):
    assert strangers.ask(0, "take")
    assert not strangers.ask(0, "take")
    assert strangers.ask(1, "take")
    strangers.ask(0, "give")
    assert strangers.ask(0, "take")


def test_a_lent_turn_is_free_for_the_others_and_not_for_its_worker(team):
    assert team.ask(0, "take")
    assert not team.ask(1, "take")
    team.ask(0, "lend")
    assert not team.ask(0, "take")
    assert team.ask(1, "take")
    team.ask(0, "give")
    assert not team.ask(0, "take")
    team.ask(1, "give")
    assert team.ask(0, "take")


def test_once_two_workers_met_all_take_turns_for_a_while(monkeypatch):
    monkeypatch.setattr(turns, "REMEMBERED", 0.5)
    team = Team(3)
    try:
        assert team.ask(0, "take")
        assert team.ask(0, "met")
        team.ask(0, "give")
        assert team.ask(1, "take")
        assert not team.ask(2, "take")
        time.sleep(0.5)
        assert team.ask(2, "take")
        team.ask(1, "give")
        assert team.ask(2, "rings") == 0
    finally:
        team.stop()


def test_a_row_that_is_held_though_workers_take_turns_is_held_by_somebody_else(strangers):
    assert strangers.ask(0, "met")
    assert strangers.ask(1, "met")  # what was sent without a turn may still be away
    time.sleep(turns.SETTLED)
    assert strangers.ask(0, "take")
    assert not strangers.ask(0, "met")


def test_the_only_worker_meets_nobody():
    assert not Turns(1).met()


def test_one_worker_at_a_time_has_the_turn_and_no_worker_has_it_twice(team):
    assert team.ask(0, "take")
    assert not team.ask(0, "take")
    assert not team.ask(1, "take")
    team.ask(0, "give")
    assert team.ask(1, "take")


def test_who_waits_is_rung_for_and_who_had_the_last_turn_lets_it_pass(team):
    assert team.ask(0, "take")
    assert not team.ask(2, "take")
    team.ask(0, "give")
    assert not team.ask(0, "take")
    assert (team.ask(1, "rings"), team.ask(2, "rings")) == (0, 1)
    assert team.ask(2, "take")
    team.ask(2, "give")
    assert team.ask(0, "rings") == 1
    assert team.ask(0, "take")


def test_a_worker_that_is_rung_for_in_vain_passes_the_bell_on(team):
    assert team.ask(0, "take")
    assert not team.ask(1, "take")
    assert not team.ask(2, "take")
    team.ask(0, "give")
    assert (team.ask(1, "rings"), team.ask(2, "rings")) == (1, 0)
    team.ask(1, "decline")
    assert team.ask(2, "rings") == 1
    assert team.ask(2, "take")


def test_the_turn_of_a_killed_worker_is_free(team):
    assert team.ask(0, "take")
    os.kill(team.processes[0].pid, signal.SIGKILL)
    team.processes[0].join(5)
    assert team.ask(1, "take")


def test_a_worker_that_died_waiting_costs_the_others_one_turn_at_most(team):
    assert not team.ask(1, "take") or team.ask(1, "give") is None
    assert team.ask(0, "take")
    assert not team.ask(1, "take")
    os.kill(team.processes[1].pid, signal.SIGKILL)
    team.processes[1].join(5)
    team.ask(0, "give")
    assert not team.ask(0, "take")
    assert team.ask(0, "take")
