"""Lists, byte buffers and texts of IREE's util dialect, on the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import gossamer
from gossamer.errors import CompileError
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

SOURCE = Path(__file__).with_name("util_values.mlir")
HASH_OF_BYTES = -7031030899829314471
"""SipHash-2-4 of the i32s 1, 2, 3, as IREE 3.13.0 computes it."""


@pytest.fixture(scope="module")
def pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_file(SOURCE)])


def test_buffers_are_filled_stored_to_loaded_and_copied(pipeline: gossamer.Pipeline) -> None:
    word = 305419896
    expected = (word, word << 32 | word, word >> 24, 1, 2.5, HASH_OF_BYTES, 1, 12)

    assert pipeline.words(24) == expected


def test_lists_hold_anything_or_one_type(pipeline: gossamer.Pipeline) -> None:
    assert pipeline.lists(42, 1.5, 6) == (6, 42, 1.5, 7, 1, 1)


@pytest.mark.parametrize(("number", "other"), [(0, 1200), (-1, 7), (2**63 - 1, -1), (10, 0)])
def test_texts_are_made_of_literals_numbers_and_texts(number: int, other: int) -> None:
    program = gossamer.compile_text("""
      func.func @text(%n: index, %m: i32, %t: !util.buffer) -> !util.buffer {
        %s = util.string.itoa %m : i32 -> !util.buffer
        %k = util.string.format "{1}:{{{0}}}.{1} {2}"(%n, %s, %t)
          : (index, !util.buffer, !util.buffer) -> !util.buffer
        return %k : !util.buffer
      }""")
    pipeline = gossamer.Pipeline([program])

    result = pipeline.text(number, other, "grün")

    digits = f"{other % 2**32}"
    assert bytes(result).decode() == f"{digits}:{{{number % 2**64}}}.{digits} grün"


def test_sizes(pipeline: gossamer.Pipeline) -> None:
    assert pipeline.sizes(33) == (48, 4)


def test_lists_are_state_and_results() -> None:
    program = gossamer.compile_text("""
      util.global private mutable @notes : !util.list<!util.buffer>
      util.initializer {
        %0 = util.list.create : !util.list<!util.buffer>
        util.global.store %0, @notes : !util.list<!util.buffer>
        util.return
      }
      func.func @note(%text: !util.buffer) -> !util.list<!util.buffer> {
        %notes = util.global.load @notes : !util.list<!util.buffer>
        %size = util.list.size %notes : !util.list<!util.buffer>
        %c1 = arith.constant 1 : index
        %new = arith.addi %size, %c1 : index
        util.list.resize %notes, %new : !util.list<!util.buffer>
        util.list.set %notes[%size], %text : !util.list<!util.buffer>
        return %notes : !util.list<!util.buffer>
      }""")
    pipeline = gossamer.Pipeline([program])
    pipeline.note("one")
    fork = pipeline.fork()

    notes, forked = pipeline.note(b"two"), fork.note("three")

    assert isinstance(notes, List)
    assert [bytes(each) for each in notes if isinstance(each, Buffer)] == [b"one", b"two"]
    assert [bytes(each) for each in forked if isinstance(each, Buffer)] == [b"one", b"three"]


def test_constants_keep_alignment_and_kind() -> None:
    program = gossamer.compile_text("""
      func.func @constants() -> (!util.buffer, !util.buffer, !util.buffer) {
        %0 = util.buffer.constant "table" {alignment = 256 : index, mime_type = "text/plain"} : !util.buffer
            = dense<[1.5, -2.0]> : vector<2xf64>
        %1 = util.buffer.constant : !util.buffer = "a\\00b"
        %2 = util.buffer.constant : !util.buffer = dense<7> : tensor<3xi16>
        return %0, %1, %2 : !util.buffer, !util.buffer, !util.buffer
      }""")

    found = gossamer.Pipeline([program]).constants()

    expected = [bytes.fromhex("000000000000f83f00000000000000c0"), b"a\0b", bytes.fromhex("070007000700")]
    assert [bytes(each) for each in found] == expected


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ('util.string.format "{}{1}"(%n, %n) : (index, index) -> !util.buffer', "mixes '{}' with numbered"),
        ('util.string.format "{}{}"(%n) : (index) -> !util.buffer', "names more arguments than the 1"),
        ('util.string.format "a}"() : () -> !util.buffer', "stands alone"),
        ("util.list.get %n[%n] : index -> i32", "'util.list.get' takes a list, got index"),
        ("util.buffer.size %n : index", "'util.buffer.size' takes a buffer, got index"),
    ],
)
def test_operations_that_make_no_sense(operation: str, message: str) -> None:
    with pytest.raises(CompileError) as raised:
        gossamer.compile_text(f"func.func @main(%n: index) {{\n  %0 = {operation}\n  return\n}}")

    (diagnostic,) = raised.value.diagnostics
    assert message in diagnostic.message
    assert diagnostic.location is not None
    assert diagnostic.location.line == 2


@pytest.mark.reference
def test_either_compiler_and_runtime_agree(tmp_path: Path, iree_bin: Path) -> None:
    theirs, ours = tmp_path / "theirs.vmfb", tmp_path / "ours.vmfb"
    subprocess.run([iree_bin / "iree-compile", SOURCE, "-o", theirs], check=True)
    ours.write_bytes(gossamer.compile_file(SOURCE))

    def run(function: str, *inputs: int | float) -> list[str]:
        command = [iree_bin / "iree-run-module", f"--module={ours}", f"--function={function}"]
        flags = [f"--input={value}" for value in inputs]
        return subprocess.run([*command, *flags], check=True, capture_output=True, text=True).stdout.split()

    pipeline = gossamer.Pipeline([theirs])
    for function, inputs in (("words", (24,)), ("lists", (42, 1.5, 6)), ("text", (-1, 77)), ("sizes", (33,))):
        results = [float(each.partition("=")[2]) for each in run(function, *inputs) if "=" in each]
        assert [float(each) for each in pipeline[function](*inputs)] == results
