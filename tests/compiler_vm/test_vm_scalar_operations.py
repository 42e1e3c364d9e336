"""Every scalar operation, computed by compiled functions and by numpy."""

from __future__ import annotations

import pytest
from vm_float_cases import float_cases
from vm_integer_cases import integer_cases
from vm_math_cases import math_cases
from vm_programs import Call, Programs
from vm_scalar_cases import Case, agrees, from_bits, signed, width_of

from gossamer.vm.loading import ExecutorName

_INPUTS = 12
Checked = tuple[Case, Call, tuple[int, ...]]


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return integer_cases() + float_cases() + math_cases()


@pytest.fixture(scope="module")
def calls(cases: list[Case]) -> list[Checked]:
    return _calls(cases)


@pytest.fixture(scope="module")
def vmfb(programs: Programs, cases: list[Case]) -> bytes:
    return programs.build("\n".join(case.source for case in cases))


def _calls(cases: list[Case]) -> list[Checked]:
    found: list[Checked] = []
    for case in cases:
        for bits in case.inputs(_INPUTS) if case.arguments else [()]:
            values = tuple(signed(b, max(width_of(t), 32)) for t, b in zip(case.arguments, bits, strict=True))
            found.append((case, (case.name, values), bits))
    return found


def _mistakes(calls: list[Checked], results: list[object]) -> list[str]:
    mistakes: list[str] = []
    for (case, (name, _), bits), result in zip(calls, results, strict=True):
        numbers = [from_bits(t, b) for t, b in zip(case.arguments, bits, strict=True)]
        expected = case.expected(*numbers)
        if not isinstance(result, int) or not agrees(case, result, expected):
            shown = from_bits(case.result, result) if isinstance(result, int) else result
            mistakes.append(f"{name}{tuple(numbers)} = {shown}, expected {expected}")
    return mistakes


@pytest.mark.parametrize("executor", ["interpret", "translate"])
def test_operations_compute_what_numpy_computes(
    programs: Programs, vmfb: bytes, calls: list[Checked], executor: ExecutorName
) -> None:
    results = programs.run(vmfb, [call for _, call, _ in calls], executor)

    assert _mistakes(calls, results) == []


@pytest.mark.reference
def test_operations_compute_the_same_in_the_reference_runtime(
    programs: Programs, vmfb: bytes, calls: list[Checked]
) -> None:
    results = programs.run_reference(vmfb, [call for _, call, _ in calls])

    assert _mistakes(calls, results) == []


def test_unoptimized_functions_compute_the_same(programs: Programs, cases: list[Case]) -> None:
    some = cases[::5]
    unoptimized = programs.build("\n".join(case.source for case in some), optimize=False)
    calls = _calls(some)

    results = programs.run(unoptimized, [call for _, call, _ in calls], "interpret")

    assert _mistakes(calls, results) == []
