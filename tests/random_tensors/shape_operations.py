"""Lines that move elements: each draws its operands and attributes, and computes its value with NumPy."""

from __future__ import annotations

import numpy as np
from drawing import Draw, listed, pick
from hypothesis import strategies as st
from tensor_program import LARGEST, LIMIT, NUMBERS, TensorProgram, Value


def broadcast(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim < 4)
    if value is None:
        return
    rank = draw(st.integers(max(value.array.ndim, 1), 4))
    dims = sorted(draw(st.permutations(range(rank)))[: value.array.ndim])
    shape = [draw(st.integers(1, 4)) for _ in range(rank)]
    for source, target in enumerate(dims):
        size = value.array.shape[source]
        shape[target] = shape[target] if size == 1 else size
    if np.prod(shape) > LARGEST:
        return
    placed = np.ones(rank, int)
    placed[dims] = value.array.shape
    array = np.broadcast_to(value.array.reshape(placed), shape)
    text = f"stablehlo.broadcast_in_dim {value.name}, dims = {listed(dims)} : ({value.type}) -> {{t}}"
    program.emit(value.element, array, text)


def reshape(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program)
    assert value is not None
    sizes = [size for size in value.array.shape if size != 1]
    cut = draw(st.integers(0, len(sizes)))
    shape = [*sizes[:cut], *([1] * draw(st.integers(0, 2))), *sizes[cut:]]
    if len(sizes) > 1 and draw(st.booleans()):
        shape = [int(np.prod(sizes[:2])), *sizes[2:]]
    text = f"stablehlo.reshape {value.name} : ({value.type}) -> {{t}}"
    program.emit(value.element, value.array.reshape(shape), text)


def transpose(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 1)
    if value is not None:
        order = draw(st.permutations(range(value.array.ndim)))
        text = f"stablehlo.transpose {value.name}, dims = {listed(order)} : ({value.type}) -> {{t}}"
        program.emit(value.element, value.array.transpose(order), text)


def take_slice(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0)
    if value is None:
        return
    parts: list[str] = []
    index: list[slice] = []
    for size in value.array.shape:
        start = draw(st.integers(0, size))
        stop = draw(st.integers(start, size))
        step = draw(st.integers(1, 3))
        parts.append(f"{start}:{stop}:{step}")
        index.append(slice(start, stop, step))
    text = f"stablehlo.slice {value.name} {listed(parts)} : ({value.type}) -> {{t}}"
    program.emit(value.element, value.array[tuple(index)], text)


def pad(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0 and v.element != "i1")
    if value is None:
        return
    number = draw(st.integers(0, LIMIT))
    array = value.array
    lows, highs, gaps = [], [], []
    for axis in range(array.ndim):
        low, high, gap = draw(st.integers(-1, 2)), draw(st.integers(-1, 2)), draw(st.integers(0, 2))
        size = array.shape[axis]
        spread_size = size + max(size - 1, 0) * gap
        if spread_size + low + high < 0:
            low = high = 0
        spread_shape = list(array.shape)
        spread_shape[axis] = spread_size
        spread = np.full(spread_shape, number, array.dtype)
        moved, source = np.moveaxis(spread, axis, 0), np.moveaxis(array, axis, 0)
        moved[:: gap + 1] = source
        result_size = spread_size + low + high
        result = np.full((result_size, *moved.shape[1:]), number, array.dtype)
        first, last = max(low, 0), min(low + spread_size, result_size)
        if last > first:
            result[first:last] = moved[first - low : last - low]
        array = np.moveaxis(result, 0, axis)
        lows.append(low)
        highs.append(high)
        gaps.append(gap)
    if array.size > LARGEST:
        return
    filler = program.scalar(value.element, number)
    sizes = f"low = {listed(lows)}, high = {listed(highs)}, interior = {listed(gaps)}"
    text = f"stablehlo.pad {value.name}, {filler}, {sizes} : ({value.type}, tensor<{value.element}>) -> {{t}}"
    program.emit(value.element, array, text)


def concatenate(draw: Draw, program: TensorProgram) -> None:
    first = pick(draw, program, lambda v: v.array.ndim > 0)
    if first is None:
        return
    axis = draw(st.integers(0, first.array.ndim - 1))

    def fits(value: Value) -> bool:
        same = list(first.array.shape), list(value.array.shape)
        if value.element != first.element or len(same[0]) != len(same[1]):
            return False
        return all(a == b for index, (a, b) in enumerate(zip(*same, strict=True)) if index != axis)

    parts = [first, *(pick(draw, program, fits) or first for _ in range(draw(st.integers(1, 2))))]
    array = np.concatenate([part.array for part in parts], axis)
    if array.size <= LARGEST:
        names, types = ", ".join(part.name for part in parts), ", ".join(part.type for part in parts)
        program.emit(
            first.element, array, f"stablehlo.concatenate {names}, dim = {axis} : ({types}) -> {{t}}"
        )


def reverse(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0)
    if value is not None:
        dims = draw(st.lists(st.integers(0, value.array.ndim - 1), min_size=1, unique=True))
        text = f"stablehlo.reverse {value.name}, dims = {listed(dims)} : {{t}}"
        program.emit(value.element, np.flip(value.array, dims), text)


def iota(draw: Draw, program: TensorProgram) -> None:
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    axis = draw(st.integers(0, len(shape) - 1))
    element = draw(st.sampled_from(NUMBERS))
    placed = np.arange(shape[axis]).reshape([-1 if index == axis else 1 for index in range(len(shape))])
    program.emit(element, np.broadcast_to(placed, shape), f"stablehlo.iota dim = {axis} : {{t}}")


def gather_rows(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0 and v.array.shape[0] > 0)
    count = draw(st.integers(1, 4))
    if value is None or value.array.size // value.array.shape[0] * count > LARGEST:
        return
    rows = [draw(st.integers(-1, value.array.shape[0])) for _ in range(count)]
    index = program.emit("i32", np.array(rows), f"stablehlo.constant dense<{listed(rows)}> : {{t}}")
    kept = list(range(1, value.array.ndim))
    sizes = [1, *value.array.shape[1:]]
    text = (
        f'"stablehlo.gather"({value.name}, {index.name}) <{{dimension_numbers = #stablehlo.gather<'
        f"offset_dims = {listed(kept)}, collapsed_slice_dims = [0], start_index_map = [0], "
        f"index_vector_dim = 1>, "
        f"slice_sizes = array<i64: {', '.join(map(str, sizes))}>, indices_are_sorted = false}}> : "
        f"({value.type}, {index.type}) -> {{t}}"
    )
    # Starts are clamped so that slices lie within.
    program.emit(value.element, value.array[np.clip(rows, 0, value.array.shape[0] - 1)], text)


def dynamic_slice(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0)
    if value is None:
        return
    sizes = [draw(st.integers(0, size)) for size in value.array.shape]
    starts = [draw(st.integers(-2, size + 1)) for size in value.array.shape]
    names = [program.scalar("i32", start) for start in starts]
    places = [min(max(s, 0), full - n) for s, full, n in zip(starts, value.array.shape, sizes, strict=True)]
    index = tuple(slice(place, place + size) for place, size in zip(places, sizes, strict=True))
    types = ", ".join([value.type, *["tensor<i32>"] * len(starts)])
    operands = ", ".join([value.name, *names])
    text = f"stablehlo.dynamic_slice {operands}, sizes = {listed(sizes)} : ({types}) -> {{t}}"
    program.emit(value.element, value.array[index], text)


def dynamic_update(draw: Draw, program: TensorProgram) -> None:
    value = pick(draw, program, lambda v: v.array.ndim > 0)
    if value is None:
        return
    shape = value.array.shape

    def fits(other: Value) -> bool:
        if other.element != value.element or other.array.ndim != len(shape):
            return False
        return all(a <= b for a, b in zip(other.array.shape, shape, strict=True))

    update = pick(draw, program, fits)
    assert update is not None
    starts = [draw(st.integers(-2, size + 1)) for size in shape]
    names = [program.scalar("i32", start) for start in starts]
    places = [min(max(s, 0), full - n) for s, full, n in zip(starts, shape, update.array.shape, strict=True)]
    array = value.array.copy()
    array[tuple(slice(p, p + n) for p, n in zip(places, update.array.shape, strict=True))] = update.array
    types = ", ".join([value.type, update.type, *["tensor<i32>"] * len(starts)])
    text = (
        f"stablehlo.dynamic_update_slice {value.name}, {update.name}, {', '.join(names)} : ({types}) -> {{t}}"
    )
    program.emit(value.element, array, text)


SHAPE_OPERATIONS = (
    *(broadcast, reshape, transpose, take_slice, pad, concatenate, reverse, iota),
    *(gather_rows, dynamic_slice, dynamic_update),
)
