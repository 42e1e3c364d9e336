"""IREE's operations become generic form, line for line, and columns find their way back."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.compiler import mlir
from gossamer.compiler.frontend.mlir.syntax import DIALECTS, needs_rewriting, rewrite
from gossamer.compiler.frontend.mlir.syntax.dialects import find_format
from gossamer.errors import CompileError

_FILES = ("check", "codegen", "flow", "hal", "linalg_ext", "stream", "tensor_ext", "util")


@pytest.mark.parametrize("file", _FILES)
def test_every_declared_format_compiles(file: str) -> None:
    formats = import_module(f"gossamer.compiler.frontend.mlir.syntax.dialects.{file}").FORMATS
    assert formats
    for name, form in formats.items():
        assert name.partition(".")[0] in DIALECTS
        assert find_format(name) is form
        assert form.element is not None
        assert isinstance(form.results, tuple)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("func.func @f() { return }", False),
        ('func.func @f() attributes {a = "util.global @x"} { return }', False),
        ("util.global private @x : i32", True),
        ('"a" %0 = flow.tensor.clone', True),
        ('"never closed util.global', False),
        ("futil.x myflow_x", False),
    ],
)
def test_only_texts_with_a_dialect_prefix_are_rewritten(text: str, expected: bool) -> None:
    assert needs_rewriting(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        # Names of attributes, strings, comments and operations in generic form stay as they are.
        "func.func @f() attributes {util.global = 1, hal.device.targets = [1]} { return }",
        'func.func @f() { "util.nop"() : () -> () return } // util.global @x',
        'func.func @f() attributes {a = "util.global private @x"} { return }',
    ],
)
def test_what_is_no_operation_stays(text: str) -> None:
    assert rewrite(text, "f.mlir").text == text


PROGRAM = """\
util.global private mutable @sum = dense<[
  1.0,  // the first
  2.0
]> : tensor<2xf32>

util.initializer {
  %0 = util.global.load @sum :
      tensor<2xf32>
  util.global.store %0, @sum : tensor<2xf32>
  util.return
}

util.func public @f(%a: tensor<2xf32>,  // trailing
                    %b: tensor<2xf32>)
    -> (tensor<2xf32>, %b as tensor<2xf32>)
    attributes {note = "two\\"quotes"}
{
  %0:2 = util.optimization_barrier %a,
      %b : tensor<2xf32>, tensor<2xf32>
  check.expect_eq(%0#0,
                  %0#1) : tensor<2xf32>
  %1 = "other.op"(%0#0) ({
    %c = util.unfoldable_constant 4 : i32
    "other.yield"(%c) : (i32) -> ()
  }) : (tensor<2xf32>) -> tensor<2xf32>
  util.return %0#0, %1 : tensor<2xf32>, tensor<2xf32>
}
"""


def test_lines_are_kept() -> None:
    rewritten = rewrite(PROGRAM, "p.mlir")
    ours, theirs = rewritten.text.split("\n"), PROGRAM.split("\n")
    assert len(ours) == len(theirs)
    for number, line in enumerate(theirs):
        for word in ("other.op", "other.yield"):
            assert (word in line) == (word in ours[number])


def test_rewritten_text_parses_and_operations_know_their_place() -> None:
    rewritten = rewrite(PROGRAM, "p.mlir")
    module = mlir.parse_text(rewritten.text, "p.mlir")
    places: dict[str, tuple[str, int, int]] = {}

    def visit(op: mlir.ir.Operation) -> mlir.ir.WalkResult:
        location = mlir.source_location(op.location)
        assert location is not None
        places[op.name] = (location.file, location.line, location.column)
        return mlir.ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    assert places["util.global"] == ("p.mlir", 1, 1)
    assert places["util.global.load"] == ("p.mlir", 7, 8)
    assert places["util.optimization_barrier"] == ("p.mlir", 18, 10)
    assert places["check.expect_eq"] == ("p.mlir", 20, 3)
    assert places["util.unfoldable_constant"] == ("p.mlir", 23, 10)
    assert places["other.op"][:2] == ("-", 22)


@pytest.mark.parametrize("word", ["other.op", "@f", "public", "note", "%c", "dense", "2.0"])
def test_copied_text_maps_to_its_own_column(word: str) -> None:
    rewritten = rewrite(PROGRAM, "p.mlir")
    if word == "public":
        assert "public" not in rewritten.text
        return
    offset = rewritten.text.index(word)
    line = rewritten.text.count("\n", 0, offset) + 1
    column = offset - rewritten.text.rfind("\n", 0, offset)
    source_line, source_column = rewritten.source_position(line, column)
    assert PROGRAM.split("\n")[source_line - 1][source_column - 1 :].startswith(word)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("util.global private @x", 1, 23, "this is not part of the operation's syntax"),
        ("util.global private @x = dense<1>", 1, 26, "this attribute needs a type: write `value : type`"),
        ("\n  util.global.store %a @x : i32", 2, 24, "expected ','"),
        ("util.initializer\n util.global.load : i32", 2, 19, "expected a symbol name"),
        ("check.expect_eq(%a, %b) : (i32", 1, 27, "this bracket is never closed"),
        ("util.func private @f(%a: i32) -> %b", 1, 36, "%b is not an argument of this function"),
        ("%0 = flow.dispatch.region -> (i32) {\n foo", 1, 36, "this region is never closed"),
        (
            "%0 = util.optimization_barrier %a, %b : i32, i32, i32",
            1,
            32,
            "'util.optimization_barrier' has 2 operands but 3 types here",
        ),
        (
            "%0 = flow.tensor.update %a, %b[%i] : i32 -> %zz",
            1,
            48,
            "%zz is not an operand of this operation",
        ),
        (
            "%0 = flow.tensor.load %a : i32",
            1,
            28,
            "expected a shaped type such as 'tensor<4xf32>', found 'i32'",
        ),
    ],
)
def test_wrong_syntax_is_reported_at_its_column(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(CompileError) as caught:
        rewrite(text, "f.mlir")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == message
    assert str(diagnostic.location) == f"f.mlir:{line}:{column}"


def test_initializers_get_names_of_their_own() -> None:
    text = rewrite("util.initializer { util.return }\n" * 3, "f.mlir").text
    assert [f"@__init{number}()" in text for number in (1, 2, 3)] == [True] * 3


def test_isolated_regions_rename_values_that_are_named_again() -> None:
    text = rewrite(
        "%r = flow.dispatch.workgroups[%n](%x) : (tensor<4xf32>) -> tensor<4xf32> =\n"
        "    (%x: !t) {\n"
        '  %n = "a.b"(%x) : (!t) -> index\n'
        "  flow.return\n"
        "}",
        "f.mlir",
    ).text
    assert '"flow.dispatch.workgroups"(%n, %x)' in text
    assert "^bb0(%x_i1: !t)" in text
    assert '%n_i1 = "a.b"(%x_i1)' in text


def test_megabytes_of_numbers_are_copied_quickly() -> None:
    numbers = ", ".join(["1.0"] * 300_000)
    text = f"util.global private @w = dense<[{numbers}]> : tensor<300000xf32>"
    assert numbers in rewrite(text, "f.mlir").text


_TOKENS = [*'%@^!#(){}<>[]:,="\n /', "->", "//", "%a", "@x", "i32", "tensor<4xf32>", "dense<1>", "private"]
_OPERATIONS = [
    "util.global ",
    "util.func ",
    "util.initializer ",
    "util.call ",
    "flow.tensor.load ",
    "hal.fence.join ",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*_TOKENS, *_OPERATIONS])).map("".join))
def test_any_text_is_rewritten_or_refused(text: str) -> None:
    try:
        rewritten = rewrite(text, "f.mlir")
    except CompileError:
        return
    assert rewritten.text.count("\n") == text.count("\n")
