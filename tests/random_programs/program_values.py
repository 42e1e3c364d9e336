"""What a random program computes, by NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from program_operations import OPERATIONS
from program_tree import SIZE_LIMIT, TRIP_LIMIT, Apply, Block, For, If, Statement

_LARGEST_TENSOR = 4096


class TooLargeError(Exception):
    """A program makes a tensor longer than tests care for."""


def evaluate(block: Block, environment: dict[str, Any]) -> list[Any]:
    """The values that a block yields.

    Args:
        environment: values by name; the block's own are added.
    Raises: TooLargeError.
    """
    for statement in block.statements:
        _perform(statement, environment)
    return [environment[name] for name in block.yields]


def _perform(statement: Statement, environment: dict[str, Any]) -> None:
    if isinstance(statement, Apply):
        operands = [environment[name] for name in statement.operands]
        result = OPERATIONS[statement.operation].value(operands, statement.number)
        if np.size(result) > _LARGEST_TENSOR:
            raise TooLargeError
        environment[statement.result] = result
        return
    if isinstance(statement, If):
        taken = statement.then if environment[statement.condition] else statement.otherwise
        results: Sequence[Any] = evaluate(taken, dict(environment))
    elif isinstance(statement, For):
        results = [environment[name] for name in statement.initial]
        for index in range(int(environment[statement.trips]) & (TRIP_LIMIT - 1)):
            carried = dict(zip(statement.carried, results, strict=True))
            results = evaluate(statement.body, {**environment, **carried, statement.counter: np.int32(index)})
    else:
        results = [environment[name] for name in statement.initial]
        while len(results[0]) < SIZE_LIMIT and results[1] > 0:
            carried = dict(zip(statement.carried, results, strict=True))
            results = evaluate(statement.body, {**environment, **carried})
    environment.update(zip(statement.results, results, strict=True))
