"""Every operation, in every executor, beside IREE's own VM."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance_encoded import ENCODED_CASES, encoded_module
from conformance_engines import Functions, interpreted, native, run_calls, run_tables, translated
from conformance_module import ConformanceModule, conformance_module
from conformance_reference import Calls, Outcome, Tables, run_reference
from lawful_differences import NOT_RUN_BY_THE_REFERENCE, is_lawful_bits, is_lawful_case

from gossamer.isa.opcodes import OPCODES
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.vm.bytecode.module import BytecodeModule
from gossamer.vm.loading import load_bytecode_module

pytestmark = pytest.mark.reference

AssembleVmasm = Callable[..., Path]


@dataclass(frozen=True)
class Reference:
    """The modules, what they are asked, and what the reference answers."""

    described: ConformanceModule
    module: BytecodeModule
    encoded: BytecodeModule
    calls: Calls
    encoded_calls: Calls
    tables: Tables
    outcomes: list[Outcome]
    encoded_outcomes: list[Outcome]
    outputs: list[str]


@pytest.fixture(scope="module", autouse=True)
def _object_cache(reference_cache: Path) -> Iterator[None]:
    """Keep compiled objects with the other products of a run."""
    before = os.environ.get(CACHE_DIR_VARIABLE)
    os.environ[CACHE_DIR_VARIABLE] = str(reference_cache)
    yield
    if before is None:
        del os.environ[CACHE_DIR_VARIABLE]
    else:
        os.environ[CACHE_DIR_VARIABLE] = before


@pytest.fixture(scope="module")
def reference(
    assemble_vmasm: AssembleVmasm, iree_bin: Path, tmp_path_factory: pytest.TempPathFactory
) -> Reference:
    described = conformance_module()
    path = assemble_vmasm(described.text, name="conformance")
    encoded_path = tmp_path_factory.mktemp("conformance") / "encoded.vmfb"
    encoded_path.write_bytes(encoded_module())
    calls: Calls = [(case.name, call) for case in described.cases for call in case.calls]
    encoded_calls: Calls = [(case.name, call) for case in ENCODED_CASES for call in case.calls]
    tables: Tables = [(each.name, each.input_bytes(), each.output_length()) for each in described.tables]
    answers = run_reference(iree_bin, [(path, calls, tables), (encoded_path, encoded_calls, [])])
    return Reference(
        described,
        load_bytecode_module(path.read_bytes()),
        load_bytecode_module(encoded_path.read_bytes()),
        calls,
        encoded_calls,
        tables,
        outcomes=answers[0][0],
        encoded_outcomes=answers[1][0],
        outputs=answers[0][1],
    )


def wrong_calls(functions: Functions, calls: Calls, expected: list[Outcome]) -> list[str]:
    """Calls of the functions there are whose outcome differs unlawfully."""
    asked = [(call, theirs) for call, theirs in zip(calls, expected, strict=True) if call[0] in functions]
    actual = run_calls(functions, [call for call, _ in asked])
    return [
        f"{name}{arguments}: {ours}, reference {theirs}"
        for ((name, arguments), theirs), ours in zip(asked, actual, strict=True)
        if ours != theirs and not is_lawful_case(name, arguments, ours, theirs)
    ]


def wrong_bits(reference: Reference, functions: Functions) -> list[str]:
    """Rows of tables whose result differs unlawfully."""
    wrong: list[str] = []
    outputs = run_tables(functions, reference.tables)
    for table, ours, theirs in zip(reference.described.tables, outputs, reference.outputs, strict=True):
        our_results = table.results(bytes.fromhex(ours))
        their_results = table.results(bytes.fromhex(theirs))
        for operation in table.operations:
            pairs = zip(our_results[operation.name], their_results[operation.name], strict=True)
            wrong += [
                f"{operation.name}{tuple(map(hex, row))}: {one:#x}, reference {other:#x}"
                for row, (one, other) in zip(table.rows, pairs, strict=True)
                if one != other and not is_lawful_bits(operation, row, one, other)
            ]
    return wrong


def test_every_operation_is_exercised(reference: Reference) -> None:
    used = {
        instruction.opcode.name
        for module in (reference.module, reference.encoded)
        for function in module.decoded.functions
        for instruction in function.instructions
    }

    assert {opcode.name for opcode in OPCODES} - used == set(NOT_RUN_BY_THE_REFERENCE)


@pytest.mark.parametrize("engine", [interpreted, translated])
def test_python_executors_agree_with_the_reference(
    reference: Reference, engine: Callable[[BytecodeModule], Functions]
) -> None:
    functions = engine(reference.module)

    assert wrong_calls(functions, reference.calls, reference.outcomes) == []
    assert wrong_bits(reference, functions) == []
    encoded = engine(reference.encoded)
    assert wrong_calls(encoded, reference.encoded_calls, reference.encoded_outcomes) == []


def test_native_code_agrees_with_the_reference(reference: Reference) -> None:
    functions = native(reference.module.decoded)

    assert wrong_calls(functions, reference.calls, reference.outcomes) == []
    assert wrong_bits(reference, functions) == []
    assert {table.name for table in reference.described.tables} <= set(functions)


def test_nothing_that_computes_is_refused_by_the_native_compiler(reference: Reference) -> None:
    """What stays in Python: globals, lists, imports, identity and hashes of buffers, other ref types."""
    refused = {name for name, _ in reference.calls} - set(native(reference.module.decoded))
    touched = ("list_", "global_", "call_", "import_", "buffer_hash", "cmp_eq_ref", "cmp_ne_ref")
    others = {"cast_any_ref_to_another_type"}

    assert {name for name in refused if not name.startswith(touched)} == others
