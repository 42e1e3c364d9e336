"""Programs made at random, against NumPy."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from compiled_kernels import TARGETS
from flow_evaluator import FlowEvaluator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def generics(draw: st.DrawFn) -> tuple[str, list[np.ndarray], np.ndarray]:
    """A `linalg.generic` of random loops and maps that adds up a product of its inputs."""
    sizes = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    loops = list(range(len(sizes)))
    parallel = draw(st.permutations([loop for loop in loops if draw(st.booleans())]))
    names = ", ".join(f"d{loop}" for loop in loops)
    maps, arrays, types, arguments = [], [], [], []
    # The first input tells every loop how far it goes.
    for number in range(draw(st.integers(1, 3))):
        used = draw(st.permutations(loops))
        if number:
            used = used[: draw(st.integers(0, len(loops)))]
        shape = [sizes[loop] for loop in used]
        seed = draw(st.integers(0, 1000))
        arrays.append(np.random.default_rng(seed).integers(-9, 9, shape, dtype=np.int32))
        maps.append(used)
        dims = ["?" if draw(st.booleans()) else str(size) for size in shape]
        types.append(f"tensor<{''.join(dim + 'x' for dim in dims)}i32>")
        arguments.append(f"%a{number}: {types[-1]}")
    shape = [sizes[loop] for loop in parallel]
    result = f"tensor<{''.join(f'{size}x' for size in shape)}i32>"
    affine = [
        f"affine_map<({names}) -> ({', '.join(f'd{loop}' for loop in used)})>" for used in [*maps, parallel]
    ]
    iterators = ", ".join('"parallel"' if loop in parallel else '"reduction"' for loop in loops)
    block = ", ".join([*(f"%x{number}: i32" for number in range(len(maps))), "%o: i32"])
    product, steps = "%x0", []
    for number in range(1, len(maps)):
        steps.append(f"%p{number} = arith.muli {product}, %x{number} : i32")
        product = f"%p{number}"
    operands = ", ".join(f"%a{number}" for number in range(len(maps)))
    newline = "\n    "
    text = f"""func.func @f({", ".join(arguments)}) -> {result} {{
  %z = arith.constant 3 : i32
  %e = tensor.empty() : {result}
  %i = linalg.fill ins(%z : i32) outs(%e : {result}) -> {result}
  %r = linalg.generic {{indexing_maps = [{", ".join(affine)}], iterator_types = [{iterators}]}}
    ins({operands} : {", ".join(types)}) outs(%i : {result}) {{
  ^bb0({block}):
    {newline.join(steps)}
    %s = arith.addi %o, {product} : i32
    linalg.yield %s : i32
  }} -> {result}
  return %r : {result}
}}"""
    letters = "abcd"
    inputs = ",".join("".join(letters[loop] for loop in used) for used in maps)
    output = "".join(letters[loop] for loop in parallel)
    expected = np.einsum(f"{inputs}->{output}", *arrays).astype(np.int32) + np.int32(3)
    return text, arrays, np.asarray(expected)


@given(generics())
@SETTINGS
def test_random_loops_and_maps(case: tuple[str, list[np.ndarray], np.ndarray]) -> None:
    text, arrays, expected = case

    for target in TARGETS:
        (result,) = FlowEvaluator(text, target=target)("f", *arrays)

        np.testing.assert_array_equal(result, expected)


@dataclass
class Chain:
    """A program under construction and the arrays it ought to compute."""

    lines: list[str] = field(default_factory=list)
    values: list[tuple[str, np.ndarray]] = field(default_factory=list)

    def add(self, line: str, value: np.ndarray) -> None:
        name = f"%v{len(self.values)}"
        self.lines.append(f"{name} = {line}")
        self.values.append((name, value))


def tensor_type(value: np.ndarray) -> str:
    return f"tensor<{''.join(f'{size}x' for size in value.shape)}i32>"


def _slice(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    offsets = [draw(st.integers(0, size - 1)) for size in value.shape]
    strides = [draw(st.integers(1, 2)) for _ in value.shape]
    sizes = [
        draw(st.integers(1, (size - offset - 1) // stride + 1))
        for size, offset, stride in zip(value.shape, offsets, strides, strict=True)
    ]
    window = tuple(
        slice(offset, offset + (size - 1) * stride + 1, stride)
        for offset, size, stride in zip(offsets, sizes, strides, strict=True)
    )
    result = value[window]
    types = f"{tensor_type(value)} to {tensor_type(result)}"
    chain.add(f"tensor.extract_slice {name}{offsets} {sizes} {strides} : {types}", result)


def _pad(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    low, high = ([draw(st.integers(0, 2)) for _ in value.shape] for _ in range(2))
    result = np.pad(value, list(zip(low, high, strict=True)), constant_values=7)
    indices = ", ".join(f"%i{dim}: index" for dim in range(value.ndim))
    chain.add(
        f"tensor.pad {name} low{low} high{high} {{\n^bb0({indices}):\n  tensor.yield %seven : i32\n}}"
        f" : {tensor_type(value)} to {tensor_type(result)}",
        result,
    )


def _transpose(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    permutation = draw(st.permutations(range(value.ndim)))
    result = value.transpose(permutation)
    type = tensor_type(result)
    chain.lines.append(f"%e{len(chain.values)} = tensor.empty() : {type}")
    chain.add(
        f"linalg.transpose ins({name} : {tensor_type(value)}) outs(%e{len(chain.values)} : {type})"
        f" permutation = {list(permutation)}",
        result,
    )


def _concat(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    axis = draw(st.integers(0, value.ndim - 1))
    others = [
        (other, array)
        for other, array in chain.values
        if array.ndim == value.ndim
        and all(array.shape[d] == value.shape[d] for d in range(value.ndim) if d != axis)
    ]
    other, array = draw(st.sampled_from(others))
    result = np.concatenate([value, array], axis)
    chain.add(
        f"tensor.concat dim({axis}) {name}, {other} : ({tensor_type(value)}, {tensor_type(array)})"
        f" -> {tensor_type(result)}",
        result,
    )


def _insert(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    others = [
        (other, array)
        for other, array in chain.values
        if array.ndim == value.ndim and all(a <= b for a, b in zip(array.shape, value.shape, strict=True))
    ]
    other, array = draw(st.sampled_from(others))
    offsets = [draw(st.integers(0, b - a)) for a, b in zip(array.shape, value.shape, strict=True)]
    result = value.copy()
    result[tuple(slice(o, o + s) for o, s in zip(offsets, array.shape, strict=True))] = array
    chain.add(
        f"tensor.insert_slice {other} into {name}{offsets} {list(array.shape)} {[1] * value.ndim}"
        f" : {tensor_type(array)} into {tensor_type(value)}",
        result,
    )


def _flatten(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    if value.ndim < 2:
        return
    result = value.reshape(-1)
    types = f"{tensor_type(value)} into {tensor_type(result)}"
    chain.add(f"tensor.collapse_shape {name} [{list(range(value.ndim))}] : {types}", result)


def _double(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    chain.add(f"arith.addi {name}, {name} : {tensor_type(value)}", value * 2)


def _add(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    same = [(other, array) for other, array in chain.values if array.shape == value.shape]
    other, array = draw(st.sampled_from(same))
    chain.add(f"arith.addi {name}, {other} : {tensor_type(value)}", value + array)


def _sum(draw: st.DrawFn, chain: Chain, name: str, value: np.ndarray) -> None:
    if value.ndim < 2:
        return
    axis = draw(st.integers(0, value.ndim - 1))
    result = value.sum(axis, dtype=np.int32)
    type = tensor_type(result)
    chain.lines.append(f"%e{len(chain.values)} = arith.constant dense<0> : {type}")
    chain.add(
        f"linalg.reduce {{ arith.addi }} ins({name} : {tensor_type(value)})"
        f" outs(%e{len(chain.values)} : {type}) dimensions = [{axis}]",
        result,
    )


STEPS = [_slice, _pad, _transpose, _concat, _insert, _flatten, _double, _add, _sum]


@st.composite
def chains(draw: st.DrawFn) -> tuple[str, np.ndarray, list[np.ndarray]]:
    """A straight line of tensor operations, of which some intermediate results are returned."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    start = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    chain = Chain(values=[("%v0", start)])
    for _ in range(draw(st.integers(1, 7))):
        name, value = draw(st.sampled_from(chain.values[-3:]))
        if value.size < 400:
            draw(st.sampled_from(STEPS))(draw, chain, name, value)
    kept = [chain.values[-1], draw(st.sampled_from(chain.values))]
    types = ", ".join(tensor_type(value) for _, value in kept)
    body = "\n  ".join(chain.lines)
    text = f"""func.func @f(%v0: {tensor_type(start)}) -> ({types}) {{
  %seven = arith.constant 7 : i32
  {body}
  return {", ".join(name for name, _ in kept)} : {types}
}}"""
    return text, start, [value for _, value in kept]


@given(chains())
@SETTINGS
def test_random_chains_of_operations(case: tuple[str, np.ndarray, list[np.ndarray]]) -> None:
    text, start, expected = case

    for target in TARGETS:
        results = FlowEvaluator(text, target=target)("f", start)

        for result, value in zip(results, expected, strict=True):
            np.testing.assert_array_equal(result, value)
