"""Constants whose bytes stand apart from the program (`dense_resource`), as importers write them."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from gossamer.compiler import frontend, mlir
from gossamer.compiler.options import CompileOptions, Phase
from gossamer.compiler.pipeline import compile_source
from gossamer.compiler.source import Source
from gossamer.errors import CompileError
from gossamer.runtime.pipeline import Pipeline

OPTIONS = CompileOptions(target_device="local", target_backends=("vmvx",), type_conversions=frozenset())
BIG = 8192
"""Elements of weights that no pass makes a literal of."""


def with_resources(text: str, **arrays: np.ndarray) -> str:
    entries = ",\n".join(
        f'{key}: "0x{struct.pack("<I", 64).hex()}{array.tobytes().hex()}"' for key, array in arrays.items()
    )
    return f"{text}\n{{-#\n  dialect_resources: {{ builtin: {{ {entries} }} }}\n#-}}\n"


def as_bytecode(text: str) -> bytes:
    return mlir.print_module(mlir.parse_text(text), is_bytecode=True)


def results(data: bytes, *arguments: object, options: CompileOptions = OPTIONS) -> object:
    return Pipeline([compile_source(Source("m", data), options)], device="local-sync").f(*arguments)


@pytest.fixture(params=["text", "bytecode"])
def encode(request: pytest.FixtureRequest) -> object:
    return (lambda text: text.encode()) if request.param == "text" else as_bytecode


ELEMENTS = [
    ("f32", np.float32),
    ("f64", np.float64),
    ("f16", np.float16),
    ("bf16", ml_dtypes.bfloat16),
    ("i8", np.int8),
    ("i16", np.int16),
    ("i32", np.int32),
    ("i64", np.int64),
    ("i1", np.bool_),
]


@pytest.mark.parametrize("count", [3, BIG])
@pytest.mark.parametrize(("element", "dtype"), ELEMENTS, ids=[name for name, _ in ELEMENTS])
def test_a_constant_of_every_type(element: str, dtype: type, count: int, encode: object) -> None:
    array = (np.arange(count) % 7 % 2 if dtype is np.bool_ else np.arange(count) % 100).astype(dtype)
    text = f"""func.func @f() -> tensor<{count}x{element}> {{
      %0 = arith.constant dense_resource<"a key"> : tensor<{count}x{element}>
      return %0 : tensor<{count}x{element}>
    }}"""

    found = results(encode(with_resources(text, **{'"a key"': array})))  # type: ignore[operator]

    np.testing.assert_array_equal(np.asarray(found).view(np.uint8), array.view(np.uint8))


def test_constants_globals_and_initialisers(encode: object) -> None:
    first, second, third = (np.arange(BIG, dtype=np.float32) + start for start in (0, 1, 2))
    type = f"tensor<{BIG}xf32>"
    text = f"""
      ml_program.global private @a(dense_resource<first> : {type}) : {type}
      ml_program.global private mutable @b(dense_resource<second> : {type}) : {type}
      func.func @f(%x: {type}) -> {type} {{
        %a = ml_program.global_load @a : {type}
        %b = ml_program.global_load @b : {type}
        %c = arith.constant dense_resource<third> : {type}
        %0 = arith.mulf %x, %a : {type}
        %1 = arith.addf %0, %b : {type}
        %2 = arith.subf %1, %c : {type}
        ml_program.global_store @b = %2 : {type}
        return %2 : {type}
      }}"""
    x = np.full(BIG, 2, np.float32)
    data = encode(with_resources(text, first=first, second=second, third=third))  # type: ignore[operator]
    pipeline = Pipeline([compile_source(Source("m", data), OPTIONS)], device="local-sync")

    expected = x * first + second - third
    np.testing.assert_array_equal(pipeline.f(x), expected)
    np.testing.assert_array_equal(pipeline.f(x), x * first + expected - third)


def test_iree_s_globals_take_them() -> None:
    weight = np.arange(BIG, dtype=np.float32)
    text = f"""
      util.global private @w = dense_resource<weight> : tensor<{BIG}xf32>
      func.func @f() -> tensor<{BIG}xf32> {{
        %0 = util.global.load @w : tensor<{BIG}xf32>
        return %0 : tensor<{BIG}xf32>
      }}"""

    np.testing.assert_array_equal(results(with_resources(text, weight=weight).encode()), weight)


def test_torch_literals_are_looked_into_where_they_are_small() -> None:
    weight = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    shape = np.array([1, 0], np.int64)
    text = """func.func @f(%x: !torch.vtensor<[64,64],f32>) -> !torch.vtensor<[64,64],f32> {
      %w = torch.vtensor.literal(dense_resource<weight> : tensor<64x64xf32>) : !torch.vtensor<[64,64],f32>
      %0 = torch.aten.mm %x, %w : !torch.vtensor<[64,64],f32>, !torch.vtensor<[64,64],f32>
        -> !torch.vtensor<[64,64],f32>
      return %0 : !torch.vtensor<[64,64],f32>
    }"""
    x = np.eye(64, dtype=np.float32)

    np.testing.assert_array_equal(
        results(with_resources(text, weight=weight, shape=shape).encode(), x), weight
    )


@pytest.mark.parametrize("bytecode", [False, True])
def test_dumps_hold_them(bytecode: bool) -> None:
    weight = np.arange(BIG, dtype=np.float32)
    text = with_resources(
        f"""func.func @f() -> tensor<{BIG}xf32> {{
          %0 = arith.constant dense_resource<weight> : tensor<{BIG}xf32>
          return %0 : tensor<{BIG}xf32>
        }}""",
        weight=weight,
    )
    to_input = CompileOptions(compile_to=Phase.INPUT, emit_mlir_bytecode=bytecode, target_device="local")

    dumped = compile_source(Source("m", text.encode()), to_input)

    np.testing.assert_array_equal(results(dumped), weight)


def test_dumps_on_the_way_change_nothing(tmp_path: Path) -> None:
    weight = np.arange(BIG, dtype=np.float32)
    text = ELIDED.replace("__elided__", "weight")
    options = replace(OPTIONS, dump_phases_to=str(tmp_path))

    np.testing.assert_array_equal(
        results(with_resources(text, weight=weight).encode(), options=options), weight
    )

    naming = [dump for dump in map(Path.read_text, tmp_path.glob("*.mlir")) if "dense_resource<" in dump]
    assert naming
    assert all("dialect_resources" in dump for dump in naming)


def test_narrowing_reaches_them() -> None:
    weight = np.linspace(0, 1, BIG)
    text = f"""func.func @f() -> tensor<{BIG}xf64> {{
      %0 = arith.constant dense_resource<weight> : tensor<{BIG}xf64>
      return %0 : tensor<{BIG}xf64>
    }}"""
    options = CompileOptions(target_device="local", target_backends=("vmvx",))

    with pytest.warns(UserWarning, match="changed from"):
        found = results(with_resources(text, weight=weight).encode(), options=options)

    np.testing.assert_array_equal(found, weight.astype(np.float32))


ELIDED = f"""func.func @f() -> tensor<{BIG}xf32> {{
  %0 = arith.constant dense_resource<__elided__> : tensor<{BIG}xf32>
  return %0 : tensor<{BIG}xf32>
}}"""


def test_contents_that_were_left_out_are_missed() -> None:
    with pytest.raises(CompileError, match=r"m:2:.*error: the contents of resource '__elided__' are missing"):
        results(ELIDED.encode())

    options = CompileOptions(target_device="local", target_backends=("vmvx",), zero_fill_elided=True)
    assert not np.asarray(results(ELIDED.encode(), options=options)).any()


def test_contents_of_another_size_are_refused() -> None:
    text = with_resources(ELIDED, __elided__=np.zeros(BIG - 1, np.float32))

    with pytest.raises(
        CompileError, match=r"resource '__elided__' has 32764 bytes, and tensor<8192xf32> takes 32768"
    ):
        results(text.encode())


@pytest.mark.parametrize("tail", ["{-# dialect_resources: {", "// {-# #-}", '"f"() {x = "{-#"} : () -> ()'])
def test_what_only_looks_like_resources_is_left_to_the_parser(tail: str) -> None:
    text = f"func.func @f() {{ return }}\n{tail}\n"
    if tail.startswith("{-#"):
        with pytest.raises(CompileError):
            frontend.load(Source.from_text(text), CompileOptions())
    else:
        assert not frontend.load(Source.from_text(text), CompileOptions()).resources


def test_bytes_of_bytecode_are_shared() -> None:
    weight = np.arange(BIG, dtype=np.float32)
    text = f"""func.func @f() -> tensor<{BIG}xf32> {{
      %0 = arith.constant dense_resource<weight> : tensor<{BIG}xf32>
      return %0 : tensor<{BIG}xf32>
    }}"""
    source = Source("m", as_bytecode(with_resources(text, weight=weight)))
    program = frontend.load(source, CompileOptions())
    function = program.module.body.operations[0].operation
    constant = function.regions[0].blocks[0].operations[0].operation

    data = program.resources.data_of(constant.attributes["value"], constant)

    assert isinstance(data, memoryview)
    assert data.obj is source.data


@pytest.mark.parametrize("cut", [20, 200, 1000, 20000])
def test_broken_bytecode_is_an_error(cut: int) -> None:
    text = with_resources(ELIDED, __elided__=np.zeros(BIG, np.float32))
    data = as_bytecode(text)
    with pytest.raises(CompileError):
        frontend.load(Source("m", data[: len(data) - cut]), CompileOptions())
