"""The rows of PyTorch's table: for element types, functions of tensors and arguments for them."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUntypedBaseClass=false
# pyright: reportUnknownParameterType=false, reportMissingModuleSource=false
# PyTorch is an optional extra.

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

Tensor = Any
Function = Callable[..., Any]

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TYPES = (torch.bool, *INTEGERS, *FLOATS)


@dataclass(frozen=True, slots=True)
class TorchRow:
    """A function of tensors, of which eager PyTorch tells what is right.

    Attributes:
        name: of the operation and its types.
        function: what is compiled.
        arguments: to call it with.
        ulps: how far floats may be off, in units of the last place.
    """

    name: str
    function: Function
    arguments: tuple[Tensor, ...]
    ulps: int = 0


def torch_rows(left: torch.dtype, right: torch.dtype) -> Iterator[TorchRow]:
    """All rows of two types; those of one operand, and of two alike, where the types are the same."""
    operands = _pairs(edges(left), edges(right))
    for name, (function, ulps) in _BINARY.items():
        if _has_binary(name, left, right):
            arguments = _without_zeros(name, *operands)
            yield TorchRow(f"{name}_{_short(left)}_{_short(right)}", function, arguments, ulps)
    if left != right:
        return
    for name, (function, ulps) in _unary(left).items():
        yield TorchRow(f"{name}_{_short(left)}", function, (edges(left),), ulps)
    for name, function in _SCALARS.items():
        if not (left == torch.bool and name in ("sub", "floor_divide", "remainder")):
            yield TorchRow(f"{name}_scalar_{_short(left)}", function, (edges(left),), 4)
    yield from _reductions(left)
    yield from _products(left)
    yield from _movements(left)
    yield from _broadcasts(left)
    for other in TYPES:
        values = edges(left)
        if left.is_floating_point and not other.is_floating_point and other != torch.bool:
            values = torch.tensor([0.0, 1.0, 1.5, 2.75, 100.0], dtype=left)
        yield TorchRow(
            f"to_{_short(other)}_from_{_short(left)}", lambda a, other=other: a.to(other), (values,)
        )


def edges(type: torch.dtype) -> Tensor:
    """Values at the ends of a type, around zero, and ordinary ones."""
    if type == torch.bool:
        return torch.tensor([False, True])
    if type.is_floating_point:
        inf = float("inf")
        return torch.tensor(
            [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 100.25, inf, -inf, float("nan")], dtype=type
        )
    info = torch.iinfo(type)
    low = [info.min, info.min + 1, -7, -2, -1] if info.min else []
    return torch.tensor([*low, 0, 1, 2, 3, 100, 127, info.max - 1, info.max], dtype=type)


def _pairs(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    return left.repeat_interleave(len(right)), right.repeat(len(left))


def _without_zeros(name: str, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Arguments for which an operation's result is defined."""
    kept = torch.ones_like(left, dtype=torch.bool)
    if name in _DIVISIONS and not (left.dtype.is_floating_point or right.dtype.is_floating_point):
        kept &= (right != 0) & ~((right == -1) & (left < 0))
    if name == "pow" and not (left.dtype.is_floating_point or right.dtype.is_floating_point):
        kept &= (right >= 0) & (right < 8)
    if name in ("shift_left", "shift_right"):
        kept &= (right >= 0) & (right < 8)
    return left[kept], right[kept]


_DIVISIONS = ("floor_divide", "remainder", "fmod", "div_trunc", "div_floor")

_BINARY: dict[str, tuple[Function, int]] = {
    "add": (torch.add, 0),
    "sub": (torch.sub, 0),
    "mul": (torch.mul, 0),
    "div": (torch.div, 0),
    "div_trunc": (lambda a, b: torch.div(a, b, rounding_mode="trunc"), 0),
    "div_floor": (lambda a, b: torch.div(a, b, rounding_mode="floor"), 0),
    "floor_divide": (torch.floor_divide, 0),
    "remainder": (torch.remainder, 0),
    "fmod": (torch.fmod, 0),
    "maximum": (torch.maximum, 0),
    "minimum": (torch.minimum, 0),
    "pow": (torch.pow, 8),
    "atan2": (torch.atan2, 8),
    "eq": (torch.eq, 0),
    "ne": (torch.ne, 0),
    "lt": (torch.lt, 0),
    "le": (torch.le, 0),
    "gt": (torch.gt, 0),
    "ge": (torch.ge, 0),
    "logical_and": (torch.logical_and, 0),
    "logical_or": (torch.logical_or, 0),
    "logical_xor": (torch.logical_xor, 0),
    "bitwise_and": (torch.bitwise_and, 0),
    "bitwise_or": (torch.bitwise_or, 0),
    "bitwise_xor": (torch.bitwise_xor, 0),
    "shift_left": (torch.bitwise_left_shift, 0),
    "shift_right": (torch.bitwise_right_shift, 0),
    "where": (lambda a, b: torch.where(a == b, a, b), 0),
}
_BITS = ("bitwise_and", "bitwise_or", "bitwise_xor", "shift_left", "shift_right")
_NOT_OF_BOOLEANS = ("sub", "floor_divide", "remainder", "fmod", "pow", "div_trunc", "div_floor", "atan2")


def _has_binary(name: str, left: torch.dtype, right: torch.dtype) -> bool:
    types = {left, right}
    if name in _BITS and any(type.is_floating_point for type in types):
        return False
    if name.startswith("shift") and torch.bool in types:
        return False
    return not (name in _NOT_OF_BOOLEANS and torch.bool in types)


def _unary(type: torch.dtype) -> dict[str, tuple[Function, int]]:
    rows: dict[str, tuple[Function, int]] = {"logical_not": (torch.logical_not, 0)}
    if type != torch.float16:
        rows |= {
            "exp": (torch.exp, 4),
            "sqrt": (torch.sqrt, 4),
            "sin": (torch.sin, 4),
            "tanh": (torch.tanh, 4),
            "sigmoid": (torch.sigmoid, 4),
            "reciprocal": (torch.reciprocal, 4),
            "log": (torch.log, 4),
        }
    if type == torch.bool:
        return rows | {"bitwise_not": (torch.bitwise_not, 0)}
    rows |= {
        "abs": (torch.abs, 0),
        "neg": (torch.neg, 0),
        "sign": (torch.sign, 0),
        "relu": (torch.relu, 0),
        "clamp": (lambda a: torch.clamp(a, 1, 100), 0),
        "square": (torch.square, 0),
    }
    if type.is_floating_point:
        rows |= {
            "ceil": (torch.ceil, 0),
            "floor": (torch.floor, 0),
            "round": (torch.round, 0),
            "trunc": (torch.trunc, 0),
            "isnan": (torch.isnan, 0),
        }
    else:
        rows["bitwise_not"] = (torch.bitwise_not, 0)
    return rows


_SCALARS: dict[str, Function] = {
    "add": lambda a: a + 3,
    "add_float": lambda a: a + 2.5,
    "sub": lambda a: a - 3,
    "mul": lambda a: a * 3,
    "mul_float": lambda a: a * 2.5,
    "div": lambda a: a / 2.0,
    "div_int": lambda a: a / 3,
    "floor_divide": lambda a: a // 3,
    "remainder": lambda a: a % 3,
    "lt": lambda a: a < 3,
    "gt_float": lambda a: a > 2.5,
    "eq": lambda a: a == 100,
}


def _reductions(type: torch.dtype) -> Iterator[TorchRow]:
    if type.is_floating_point:
        matrix = torch.tensor([1, 2, -3, 0.5, 4, -8, 16, 2], dtype=type).reshape(2, 4)
    else:
        values = edges(type)
        matrix = values.repeat(8)[:12].reshape(3, 4)
    rows: dict[str, Function] = {
        "sum": lambda a: a.sum(),
        "sum_rows": lambda a: a.sum(dim=1),
        "prod_rows": lambda a: a.prod(dim=1),
        "amax": lambda a: a.amax(dim=1),
        "amin": lambda a: a.amin(dim=1),
        "any": lambda a: a.any(dim=1),
        "all": lambda a: a.all(dim=1),
        "cumsum": lambda a: a.cumsum(dim=1),
    }
    if type != torch.bool:
        rows |= {
            "max_rows": lambda a: a.max(dim=1).values,
            "min_rows": lambda a: a.min(dim=1).values,
            "argmax": lambda a: a.argmax(dim=1),
            "argmin": lambda a: a.argmin(dim=1),
            "sort": lambda a: a.sort(dim=1).values,
            "topk": lambda a: a.topk(2, dim=1).values,
        }
    if type.is_floating_point:
        rows |= {"mean": lambda a: a.mean(dim=1), "softmax": lambda a: a.softmax(dim=1)}
    else:
        rows |= {"mean_float": lambda a: a.mean(dim=1, dtype=torch.float32)}
    for name, function in rows.items():
        yield TorchRow(f"{name}_{_short(type)}", function, (matrix,), 4)


def _products(type: torch.dtype) -> Iterator[TorchRow]:
    if type == torch.bool:
        return
    numbers = torch.tensor([1, 2, 0.5, -3, 4, 1], dtype=type) if type.is_floating_point else edges(type)
    left, right = numbers.repeat(4)[:8].reshape(2, 4), numbers.flip(0).repeat(4)[:12].reshape(4, 3)
    yield TorchRow(f"matmul_{_short(type)}", torch.matmul, (left, right), 4)
    yield TorchRow(f"mm_{_short(type)}", torch.mm, (left, right), 4)
    batches = (left.reshape(1, 2, 4).repeat(2, 1, 1), right.reshape(1, 4, 3).repeat(2, 1, 1))
    yield TorchRow(f"bmm_{_short(type)}", torch.bmm, batches, 4)
    yield TorchRow(f"mv_{_short(type)}", torch.mv, (left, right[:, 0]), 4)
    yield TorchRow(f"dot_{_short(type)}", torch.dot, (left[0], right[:, 0]), 4)
    signal, kernel = numbers.repeat(2)[:5].reshape(1, 1, 5), numbers.flip(0)[:3].reshape(1, 1, 3)
    yield TorchRow(f"conv1d_{_short(type)}", torch.nn.functional.conv1d, (signal, kernel), 4)
    image, window = numbers.repeat(8)[:32].reshape(1, 2, 4, 4), numbers.repeat(8)[:36].reshape(2, 2, 3, 3)
    yield TorchRow(f"conv2d_{_short(type)}", torch.nn.functional.conv2d, (image, window), 4)


def _movements(type: torch.dtype) -> Iterator[TorchRow]:
    values = edges(type)
    matrix = values.repeat(8)[:12].reshape(3, 4)
    index = torch.tensor([2, 0])
    rows: dict[str, Function] = {
        "transpose": lambda a: a.t(),
        "index_select": lambda a: a.index_select(0, index.to(a.device)),
        "cat": lambda a: torch.cat([a, a]),
        "flip": lambda a: a.flip(0),
        "fill": lambda a: torch.full_like(a, 1),
        "masked_fill": lambda a: a.masked_fill(a == a, 1),
        "pad": lambda a: torch.nn.functional.pad(a, (1, 1), value=1),
        "slice": lambda a: a[1:, ::2],
        "where_rows": lambda a: torch.where(a == a[:, :1], a, a[:1]),
    }
    for name, function in rows.items():
        yield TorchRow(f"{name}_{_short(type)}", function, (matrix,))


def _broadcasts(type: torch.dtype) -> Iterator[TorchRow]:
    """Operations of tensors of different shapes that have lowerings of their own."""
    if type == torch.bool:
        return
    values = edges(type)
    matrix, column = values.repeat(8)[:12].reshape(3, 4), torch.tensor([[2], [3], [7]], dtype=type)
    for name in ("floor_divide", "fmod", "pow"):
        function, ulps = _BINARY[name]
        yield TorchRow(f"{name}_column_{_short(type)}", function, (matrix, column), ulps)
        yield TorchRow(f"{name}_row_{_short(type)}", function, (column, column[:, 0]), ulps)


def _short(type: torch.dtype) -> str:
    return str(type).removeprefix("torch.")
