"""Lets the last work of an async function signal the caller's fence itself.

A function ends by a barrier: once all its work is done, signal. Where that work is one step that signals a
timepoint nobody else asks for, the step signals the caller's fence and the barrier goes.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import cast

from gossamer.compiler.host.program.program import Block
from gossamer.compiler.host.program.steps import Alloca, Barrier, CallImport, Dealloca, Execute, Step
from gossamer.compiler.host.program.values import Timepoint


def hand_over_signals(block: Block) -> None:
    """Drop the barrier that ends a block where the step before it can signal in its place."""
    if not block.steps or not isinstance(barrier := block.steps[-1], Barrier):
        return
    if len(barrier.wait) != 1:
        return
    (last,) = barrier.wait
    makers = [
        index
        for index, step in enumerate(block.steps)
        if isinstance(step, Alloca | CallImport | Dealloca | Execute) and step.signal is last
    ]
    if len(makers) != 1 or any(_uses(step, last) for step in block.steps[:-1]):
        return
    maker = block.steps[makers[0]]
    assert isinstance(maker, Alloca | CallImport | Dealloca | Execute)
    block.steps[makers[0]] = replace(maker, signal=barrier.signal)
    block.steps.pop()


def _uses(step: Step, timepoint: Timepoint) -> bool:
    """Whether a step uses a timepoint other than by bringing it about."""
    for each in fields(step):
        if each.name == "signal":
            continue
        value: object = getattr(step, each.name)
        items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        if any(item is timepoint for item in items):
            return True
    return False
