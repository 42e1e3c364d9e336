"""Lines that compute: each draws its operands and attributes, and computes its value with NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from drawing import Draw, listed, pick
from hypothesis import strategies as st
from tensor_program import DTYPES, LIMIT, Array, TensorProgram, Value

_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply,
    "maximum": np.maximum, "minimum": np.minimum,
}  # fmt: skip
_LOGICAL: dict[str, Callable[[Array, Array], Array]] = {
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "EQ": np.equal, "NE": np.not_equal, "LT": np.less, "GE": np.greater_equal,
}  # fmt: skip
_REDUCTIONS: dict[str, tuple[Callable[..., Array], int]] = {
    "add": (np.sum, 0), "maximum": (np.max, -LIMIT), "minimum": (np.min, LIMIT),
}  # fmt: skip


def _wide(function: Callable[[Array, Array], Array], left: Value, right: Value) -> Array:
    return function(left.array.astype(np.float64), right.array.astype(np.float64))


def _fits(array: Array, element: str) -> bool:
    return not element.startswith("ui") or bool((array >= 0).all())


def elementwise(draw: Draw, program: TensorProgram) -> None:
    left = pick(draw, program)
    assert left is not None
    right = pick(draw, program, lambda v: (v.element, v.array.shape) == (left.element, left.array.shape))
    assert right is not None
    table = _LOGICAL if left.element == "i1" else _BINARY
    name = draw(st.sampled_from(sorted(table)))
    # Why wide: NumPy would wrap; what leaves the type is for another test.
    wide = table[name](left.array, right.array) if left.element == "i1" else _wide(table[name], left, right)
    if left.element != "i1" and not _fits(wide, left.element):
        return
    program.clamped(left.element, wide, f"stablehlo.{name} {left.name}, {right.name} : {{t}}")


def compare(draw: Draw, program: TensorProgram) -> None:
    left = pick(draw, program, lambda v: v.element != "i1")
    if left is None:
        return
    right = pick(draw, program, lambda v: (v.element, v.array.shape) == (left.element, left.array.shape))
    assert right is not None
    direction = draw(st.sampled_from(sorted(_COMPARISONS)))
    text = f"stablehlo.compare {direction}, {left.name}, {right.name} : ({left.type}, {right.type}) -> {{t}}"
    program.emit("i1", _COMPARISONS[direction](left.array, right.array), text)


def select(draw: Draw, program: TensorProgram) -> None:
    condition = pick(draw, program, lambda v: v.element == "i1")
    if condition is None:
        return
    yes = pick(draw, program, lambda v: v.array.shape == condition.array.shape)
    assert yes is not None
    no = pick(draw, program, lambda v: (v.element, v.array.shape) == (yes.element, yes.array.shape))
    assert no is not None
    text = f"stablehlo.select {condition.name}, {yes.name}, {no.name} : {condition.type}, {{t}}"
    program.emit(yes.element, np.where(condition.array, yes.array, no.array), text)


def unary(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.element in ("f32", "f64", "i8", "i32", "i64"))
    if value is not None:
        functions = {"negate": np.negative, "abs": np.abs, "sign": np.sign}
        name = draw(st.sampled_from(sorted(functions)))
        program.emit(value.element, functions[name](value.array), f"stablehlo.{name} {value.name} : {{t}}")


def convert(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program)
    assert value is not None
    element = draw(st.sampled_from(sorted(DTYPES)))
    if element == value.element or not _fits(value.array, element):
        return
    text = f"stablehlo.convert {value.name} : ({value.type}) -> {{t}}"
    program.emit(element, value.array.astype(DTYPES[element]), text)


def reduce(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0 and v.element in ("f32", "f64", "i32", "i64"))
    if value is None:
        return
    dims = draw(st.lists(st.integers(0, value.array.ndim - 1), min_size=1, unique=True))
    name = draw(st.sampled_from(sorted(_REDUCTIONS)))
    function, start = _REDUCTIONS[name]
    initial = program.scalar(value.element, start)
    scalar = f"tensor<{value.element}>"
    text = (
        f"stablehlo.reduce({value.name} init: {initial}) applies stablehlo.{name} across dimensions = "
        f"{listed(dims)} : ({value.type}, {scalar}) -> {{t}}"
    )
    array = function(value.array, axis=tuple(dims), initial=start)
    program.clamped(value.element, array, text)


def dot(draw: Draw, program: TensorProgram) -> None:
    left = pick(draw, program, lambda v: v.array.ndim in (2, 3) and v.element in ("f32", "f64", "i32"))
    if left is None:
        return
    batched = left.array.ndim == 3
    length = left.array.shape[-1]

    def fits(value: Value) -> bool:
        if value.element != left.element or value.array.ndim != left.array.ndim:
            return False
        return value.array.shape[-2] == length and value.array.shape[:-2] == left.array.shape[:-2]

    right = pick(draw, program, fits)
    if right is None:
        return
    first = "batching_dims = [0] x [0], " if batched else ""
    axes = f"contracting_dims = {'[2] x [1]' if batched else '[1] x [0]'}"
    types = f"({left.type}, {right.type}) -> {{t}}"
    text = f"stablehlo.dot_general {left.name}, {right.name}, {first}{axes} : {types}"
    program.clamped(left.element, left.array @ right.array, text)


def scatter_rows(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0 and v.element in ("f32", "i32", "f64"))
    if value is None:
        return
    shape = value.array.shape
    updates = pick(
        draw,
        program,
        lambda v: (
            v.element == value.element and v.array.ndim == len(shape) and v.array.shape[1:] == shape[1:]
        ),
    )
    assert updates is not None
    rows = [draw(st.integers(-1, shape[0])) for _ in range(updates.array.shape[0])]
    if not rows:
        return
    index = program.emit("i32", np.array(rows), f"stablehlo.constant dense<{listed(rows)}> : {{t}}")
    name = draw(st.sampled_from(["add", "maximum"]))
    array = value.array.copy()
    for row, update in zip(rows, updates.array, strict=True):
        if 0 <= row < shape[0]:
            array[row] = _BINARY[name](array[row], update)
    scalar = f"tensor<{value.element}>"
    text = (
        f'"stablehlo.scatter"({value.name}, {index.name}, {updates.name}) <{{scatter_dimension_numbers = '
        f"#stablehlo.scatter<update_window_dims = {listed(range(1, len(shape)))}, "
        f"inserted_window_dims = [0], "
        f"scatter_dims_to_operand_dims = [0], index_vector_dim = 1>, unique_indices = false}}> ({{\n"
        f"  ^bb0(%a: {scalar}, %b: {scalar}):\n    %c = stablehlo.{name} %a, %b : {scalar}\n"
        f"    stablehlo.return %c : {scalar}\n  }}) : ({value.type}, {index.type}, {updates.type}) -> {{t}}"
    )
    program.clamped(value.element, array, text)


def sort(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0 and v.element != "i1")
    if value is None:
        return
    axis = draw(st.integers(0, value.array.ndim - 1))
    direction = draw(st.sampled_from(["LT", "GT"]))
    scalar = f"tensor<{value.element}>"
    text = (
        f'"stablehlo.sort"({value.name}) <{{dimension = {axis} : i64, is_stable = true}}> ({{\n'
        f"  ^bb0(%a: {scalar}, %b: {scalar}):\n    %c = stablehlo.compare {direction}, %a, %b : "
        f"({scalar}, {scalar}) -> tensor<i1>\n    stablehlo.return %c : tensor<i1>\n  }}) : "
        f"({value.type}) -> {{t}}"
    )
    ordered = np.sort(value.array, axis)
    program.emit(value.element, np.flip(ordered, axis) if direction == "GT" else ordered, text)


def window(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim == 2 and v.element in ("f32", "i32"))
    if value is None or 0 in value.array.shape:
        return
    name = draw(st.sampled_from(["add", "maximum"]))
    function, start = _REDUCTIONS[name]
    sizes, steps = ([draw(st.integers(1, 2)) for _ in range(2)] for _ in range(2))
    edges = [(draw(st.integers(0, 1)), draw(st.integers(0, 1))) for _ in range(2)]
    wide = np.pad(value.array, edges, constant_values=start)
    if any(full < size for full, size in zip(wide.shape, sizes, strict=True)):
        return
    windows = np.lib.stride_tricks.sliding_window_view(wide, sizes)[:: steps[0], :: steps[1]]
    array = function(windows, axis=(2, 3), initial=start)
    scalar = f"tensor<{value.element}>"
    initial = program.scalar(value.element, start)
    rows = ", ".join(f"[{low}, {high}]" for low, high in edges)
    text = (
        f'"stablehlo.reduce_window"({value.name}, {initial}) <{{window_dimensions = array<i64: {sizes[0]}, '
        f"{sizes[1]}>, window_strides = array<i64: {steps[0]}, {steps[1]}>, padding = dense<[{rows}]> : "
        f"tensor<2x2xi64>}}> ({{\n  ^bb0(%a: {scalar}, %b: {scalar}):\n"
        f"    %c = stablehlo.{name} %a, %b : {scalar}\n"
        f"    stablehlo.return %c : {scalar}\n  }}) : ({value.type}, {scalar}) -> {{t}}"
    )
    program.clamped(value.element, array, text)


def convolution(draw: Draw, program: TensorProgram) -> None:
    """Of an image of two channels with a constant kernel."""
    image = pick(draw, program, lambda v: v.array.ndim == 2 and v.element in ("f32", "i32"))
    if image is None or min(image.array.shape) < 3 or image.array.shape[1] % 2:
        return
    rows, columns = image.array.shape[0], image.array.shape[1] // 2
    shaped = program.emit(
        image.element,
        image.array.reshape(1, rows, columns, 2),
        f"stablehlo.reshape {image.name} : ({image.type}) -> {{t}}",
    )
    sizes = (draw(st.integers(1, 2)), draw(st.integers(1, min(2, columns))))
    numbers = [draw(st.integers(-2, 2)) for _ in range(sizes[0] * sizes[1] * 2 * 3)]
    kernel = np.array(numbers).reshape(*sizes, 2, 3)
    literal = listed(kernel.tolist()).replace("'", "")
    if image.element == "f32":
        literal = str(kernel.astype(float).tolist())
    weights = program.emit(image.element, kernel, f"stablehlo.constant dense<{literal}> : {{t}}")
    windows = np.lib.stride_tricks.sliding_window_view(shaped.array, sizes, (1, 2))
    array = np.einsum("nyxcij,ijco->nyxo", windows, weights.array)
    text = (
        f"stablehlo.convolution({shaped.name}, {weights.name}) "
        f"dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], "
        f"window = {{stride = [1, 1], pad = [[0, 0], [0, 0]]}} {{batch_group_count = 1 : i64, "
        f"feature_group_count = 1 : i64}} : ({shaped.type}, {weights.type}) -> {{t}}"
    )
    program.clamped(image.element, array, text)


NUMBER_OPERATIONS = (
    *(elementwise, elementwise, compare, select, unary, convert, reduce, dot, scatter_rows, sort),
    *(window, convolution),
)
