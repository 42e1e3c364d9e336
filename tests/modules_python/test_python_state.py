"""State of Python modules: what snapshots hold, what restoring undoes, classes with rules of their own."""

from __future__ import annotations

import threading
from typing import Annotated

import pytest

import gossamer

Number = Annotated[int, "i64"]


@gossamer.module("counter")
class Counter:
    def __init__(self) -> None:
        self.count = 0

    @gossamer.export
    def add(self, number: Number) -> Number:
        self.count += number
        self.last = number
        return self.count


@gossamer.module("slotted")
class Slotted:
    __slots__ = ("__hidden", "count")

    def __init__(self) -> None:
        self.count = 0
        self.__hidden = 0

    @gossamer.export
    def add(self, number: Number) -> Number:
        self.count += number
        self.__hidden += 1
        return self.count * 100 + self.__hidden


@gossamer.module("locked")
class Locked:
    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()

    @gossamer.export
    def add(self, number: Number) -> Number:
        with self.lock:
            self.count += number
        return self.count


@gossamer.module("hooked")
class Hooked(Locked):
    def __gossamer_snapshot__(self) -> int:
        return self.count

    def __gossamer_restore__(self, snapshot: int) -> None:
        self.count = snapshot


def test_attributes_that_came_later_go_with_restore() -> None:
    pipeline = gossamer.Pipeline([Counter])
    snapshot = pipeline.state.snapshot()
    pipeline.add(3)
    assert "counter.last" in pipeline.state

    pipeline.state.restore(snapshot)

    assert "counter.last" not in pipeline.state
    assert pipeline.add(1) == 1


def test_slots_are_state() -> None:
    pipeline = gossamer.Pipeline([Slotted])
    pipeline.add(5)
    snapshot, forked = pipeline.state.snapshot(), pipeline.fork()
    pipeline.add(5)

    pipeline.state.restore(snapshot)

    assert pipeline.state["slotted.count"] == 5
    assert pipeline.add(1) == 602
    assert forked.add(1) == 602


def test_what_cannot_be_copied_is_named() -> None:
    pipeline = gossamer.Pipeline([Locked])

    with pytest.raises(gossamer.StatusError, match="'locked' cannot be copied: attribute 'lock' of Locked"):
        pipeline.state.snapshot()
    with pytest.raises(gossamer.StatusError, match="__gossamer_snapshot__"):
        pipeline.fork()


def test_hooks_decide_what_is_copied() -> None:
    pipeline = gossamer.Pipeline([Hooked])
    pipeline.add(2)
    snapshot, forked = pipeline.state.snapshot(), pipeline.fork()
    pipeline.add(2)

    pipeline.state.restore(snapshot)
    pipeline.state.restore(snapshot)

    assert pipeline.add(1) == 3
    assert forked.add(10) == 12


def test_one_hook_alone_is_refused() -> None:
    @gossamer.module("half")
    class Half:
        def __gossamer_snapshot__(self) -> int:
            return 1

        @gossamer.export
        def run(self) -> Number:
            return 1

    with pytest.raises(gossamer.StatusError, match="defines __gossamer_snapshot__ alone"):
        gossamer.Pipeline([Half]).state.snapshot()


def test_attributes_that_share_an_object_share_its_copy() -> None:
    @gossamer.module("shared")
    class Shared:
        def __init__(self) -> None:
            self.log: list[int] = []
            self.view = self.log

        @gossamer.export
        def add(self, number: Number) -> Number:
            self.log.append(number)
            return len(self.view)

    forked = gossamer.Pipeline([Shared]).fork()

    assert [forked.add(1), forked.add(1)] == [1, 2]


def test_slots_without_a_place_for_imports_are_refused() -> None:
    @gossamer.module("tight")
    class Tight:
        __slots__ = ()

        @gossamer.imports("counter.add")
        def add(self, number: Number) -> Number: ...

        @gossamer.export
        def run(self) -> Number:
            return self.add(1)

    with pytest.raises(gossamer.StatusError, match="add '__dict__' to its __slots__"):
        gossamer.Pipeline([Counter, Tight])
