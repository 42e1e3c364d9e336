"""Hypothesis strategy for random programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from hypothesis import strategies as st
from program_operations import OPERATIONS
from program_tree import Apply, Block, For, If, Kind, Statement, While

PARAMETERS: dict[str, Kind] = {
    "a": Kind.TENSOR,
    "b": Kind.TENSOR,
    "m": Kind.INTEGER,
    "n": Kind.INTEGER,
    "c": Kind.CONDITION,
}
RESULTS = (Kind.TENSOR, Kind.TENSOR, Kind.INTEGER)
_DEEPEST = 3
_NUMBERS = st.integers(0, 3)
_NAMES = [*OPERATIONS, *["join", "choose"] * 4]
"""Operations to draw from: those that make tensors longer, or sizes unknown, more often."""


@dataclass
class _Scope:
    """The names that may be read, by kind, in a block at a depth."""

    draw: st.DrawFn
    names: dict[Kind, list[str]]
    depth: int
    fresh: count[int] = field(default_factory=count)

    def name(self, kind: Kind) -> str:
        """A name of a kind: every other time of the three newest, so that little is computed for nothing."""
        names = self.names[kind]
        return self.draw(st.sampled_from(names[-3:]) | st.sampled_from(names))

    def new(self, kind: Kind) -> str:
        """A name that no other value has; it may be read from now on."""
        name = f"v{next(self.fresh)}"
        self.names[kind].append(name)
        return name

    def inner(self) -> _Scope:
        names = {kind: list(names) for kind, names in self.names.items()}
        return _Scope(self.draw, names, self.depth + 1, self.fresh)


@st.composite
def programs(draw: st.DrawFn) -> Block:
    """A program over `PARAMETERS` that yields values of `RESULTS`."""
    names: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for name, kind in PARAMETERS.items():
        names[kind].append(name)
    return _block(_Scope(draw, names, 0), RESULTS, draw(st.integers(1, 6)))


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """Values for `PARAMETERS`: tensors of 0 to 6 elements, small integers of both signs."""
    elements = st.integers(-20, 20)
    tensors = [np.array(draw(st.lists(elements, max_size=6)), np.int32) for _ in range(2)]
    integers = [np.int32(draw(elements)) for _ in range(2)]
    return dict(zip(PARAMETERS, [*tensors, *integers, draw(st.booleans())], strict=True))


def _block(scope: _Scope, kinds: tuple[Kind, ...], size: int) -> Block:
    statements = tuple(_statement(scope) for _ in range(size))
    return Block(statements, tuple(scope.name(kind) for kind in kinds))


def _statement(scope: _Scope) -> Statement:
    shapes = ["apply"] * 3 + (["if", "for", "while"] if scope.depth < _DEEPEST else [])
    shape = scope.draw(st.sampled_from(shapes))
    if shape == "apply":
        name = scope.draw(st.sampled_from(_NAMES))
        operation = OPERATIONS[name]
        operands = tuple(scope.name(kind) for kind in operation.operands)
        return Apply(scope.new(operation.result), name, operands, scope.draw(_NUMBERS))
    return {"if": _if, "for": _for, "while": _while}[shape](scope)


def _kinds(scope: _Scope) -> tuple[Kind, ...]:
    return tuple(scope.draw(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=3)))


def _inner_block(scope: _Scope, kinds: tuple[Kind, ...], names: Mapping[str, Kind]) -> Block:
    inner = scope.inner()
    for name, kind in names.items():
        inner.names[kind].append(name)
    return _block(inner, kinds, scope.draw(st.integers(0, 3)))


def _if(scope: _Scope) -> If:
    kinds, condition = _kinds(scope), scope.name(Kind.CONDITION)
    then, otherwise = _inner_block(scope, kinds, {}), _inner_block(scope, kinds, {})
    branches = scope.draw(st.booleans())
    return If(tuple(map(scope.new, kinds)), kinds, condition, then, otherwise, branches)


def _for(scope: _Scope) -> For:
    kinds, trips = _kinds(scope), scope.name(Kind.INTEGER)
    initial = tuple(map(scope.name, kinds))
    carried, (counter,) = _unread(scope, len(kinds)), _unread(scope, 1)
    names = {**dict(zip(carried, kinds, strict=True)), counter: Kind.INTEGER}
    body = _inner_block(scope, kinds, names)
    return For(tuple(map(scope.new, kinds)), kinds, trips, initial, carried, counter, body)


def _while(scope: _Scope) -> While:
    kinds = (Kind.TENSOR, Kind.INTEGER, *_kinds(scope))
    initial = tuple(map(scope.name, kinds))
    carried = _unread(scope, len(kinds))
    body = _inner_block(scope, kinds, dict(zip(carried, kinds, strict=True)))
    one, less = _unread(scope, 2)
    # Why: each round makes the integer less, so that the loop ends whatever its body does.
    ends = (Apply(one, "number", (), 1), Apply(less, "minus", (carried[1], one)))
    body = Block((*body.statements, *ends), (body.yields[0], less, *body.yields[2:]))
    results = tuple(map(scope.new, kinds))
    return While(results, kinds, initial, carried, body, scope.draw(st.booleans()))


def _unread(scope: _Scope, number: int) -> tuple[str, ...]:
    """Names that no other value has and this block does not read."""
    return tuple(f"v{next(scope.fresh)}" for _ in range(number))
