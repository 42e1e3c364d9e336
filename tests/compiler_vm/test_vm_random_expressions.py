"""Chains of integer operations of many widths keep their meaning when they are optimised together."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from vm_integer_cases import integer_cases
from vm_programs import Call, Programs
from vm_scalar_cases import Case, Number, signed, width_of

from gossamer.vm.loading import ExecutorName

_ARGUMENTS = ("i8", "i16", "i32", "i64", "i1", "i8")
_LENGTH = 25
_FUNCTIONS = 60

Evaluate = Callable[[list[int]], int]


def _composable() -> list[Case]:
    """Operations defined for all operands, one line each, that need no `index`."""
    return [
        case
        for case in integer_cases()
        if case.domain is None
        and "\n" not in case.body
        and "%high" not in case.body
        and "%low" not in case.body
        and "index" not in (*case.arguments, case.result)
        and not case.name.startswith("ipowi")
    ]


def _random_function(name: str, cases: list[Case], chooser: random.Random) -> tuple[str, Evaluate]:
    """MLIR text of a function with an i64 result, and what it computes on unsigned arguments."""
    types = list(_ARGUMENTS)
    values = [f"%arg{index}" for index in range(len(types))]
    steps: list[tuple[Case, list[int]]] = []
    lines: list[str] = []
    while len(steps) < _LENGTH:
        case = chooser.choice(cases)
        operands = [_latest(types, type, chooser) for type in case.arguments]
        if None in operands:
            continue
        chosen = [operand for operand in operands if operand is not None]
        result = f"%v{len(steps)}"
        renamed = {f"%{letter}": values[at] for letter, at in zip("abc", chosen, strict=False)} | {
            "%r": result
        }
        words = case.body.replace(",", " ,").split(" ")
        lines.append("  " + " ".join(renamed.get(word, word) for word in words))
        steps.append((case, chosen))
        types.append(case.result)
        values.append(result)
    final = values[-1]
    if types[-1] != "i64":
        lines.append(f"  %final = arith.extui {final} : {types[-1]} to i64")
        final = "%final"
    parameters = ", ".join(f"%arg{index}: {type}" for index, type in enumerate(_ARGUMENTS))
    body = "\n".join(lines)

    def evaluate(arguments: list[int]) -> int:
        known: list[Number] = list(arguments)
        for case, operands in steps:
            result = case.expected(*[known[at] for at in operands])
            assert result is not None
            known.append(int(result) & ((1 << width_of(case.result)) - 1))
        return signed(int(known[-1]), 64)

    return f"func.func @{name}({parameters}) -> i64 {{\n{body}\n  return {final} : i64\n}}\n", evaluate


def _latest(types: list[str], wanted: str, chooser: random.Random) -> int | None:
    """A value of a type, rather a late one, so that long chains come about."""
    fitting = [index for index, type in enumerate(types) if type == wanted]
    return chooser.choice(fitting[-3:]) if fitting else None


@pytest.mark.parametrize("executor", ["interpret", "translate"])
def test_random_expressions_compute_what_python_computes(programs: Programs, executor: ExecutorName) -> None:
    chooser = random.Random(20)
    cases = _composable()
    functions = {f"f{n}": _random_function(f"f{n}", cases, chooser) for n in range(_FUNCTIONS)}
    vmfb = programs.build("".join(text for text, _ in functions.values()))
    calls: list[Call] = []
    expected: list[int] = []
    for name, (_, evaluate) in functions.items():
        for _ in range(8):
            arguments = [chooser.getrandbits(width_of(type)) for type in _ARGUMENTS]
            signs = [signed(a, max(width_of(t), 32)) for a, t in zip(arguments, _ARGUMENTS, strict=True)]
            calls.append((name, tuple(signs)))
            expected.append(evaluate(arguments))

    assert programs.run(vmfb, calls, executor) == expected
