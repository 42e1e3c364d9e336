"""Operations of random programs: each with its kinds, its MLIR and its value by NumPy, beside one another.

MLIR is a text whose `{0}`, `{1}` are operands, `{r}` is the result, `{n}` the constant; other `%{r}_...` are
names of its own. Every operation is defined for tensors of any size, zero too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from program_tree import Kind

_T, _I, _C = Kind.TENSOR, Kind.INTEGER, Kind.CONDITION


@dataclass(frozen=True)
class Operation:
    """One operation: kinds of operands and result, and the two ways to compute it."""

    operands: tuple[Kind, ...]
    result: Kind
    text: str
    value: Callable[[list[Any], int], Any]


def _wrap(value: int) -> np.int32:
    return np.int64(value).astype(np.int32)


def _elementwise(operands: str, types: str, body: str, *, sized_by: str = "{0}") -> str:
    """`linalg.generic` over one dimension; the block's arguments are `%x`, `%y` and the result's element."""
    count = len(types.split(","))
    maps = ", ".join(["affine_map<(d0) -> (d0)>"] * (count + 1))
    arguments = ", ".join(f"%{{r}}_{name}: i32" for name in "xyz"[:count])
    return f"""%{{r}}_c0 = arith.constant 0 : index
%{{r}}_d = tensor.dim {sized_by}, %{{r}}_c0 : tensor<?xi32>
%{{r}}_e = tensor.empty(%{{r}}_d) : tensor<?xi32>
%{{r}} = linalg.generic {{{{indexing_maps = [{maps}], iterator_types = ["parallel"]}}}}
    ins({operands} : {types}) outs(%{{r}}_e : tensor<?xi32>) {{{{
^bb0({arguments}, %{{r}}_o: i32):
  {body}
  linalg.yield %{{r}}_v : i32
}}}} -> tensor<?xi32>"""


_COMMON_PREFIX = """%{r}_c0 = arith.constant 0 : index
%{r}_d0 = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_d1 = tensor.dim {1}, %{r}_c0 : tensor<?xi32>
%{r}_m = arith.minsi %{r}_d0, %{r}_d1 : index
%{r}_a = tensor.extract_slice {0}[0] [%{r}_m] [1] : tensor<?xi32> to tensor<?xi32>
%{r}_b = tensor.extract_slice {1}[0] [%{r}_m] [1] : tensor<?xi32> to tensor<?xi32>
"""


def _common_prefix(function: Callable[[Any, Any], Any]) -> Callable[[list[Any], int], Any]:
    def apply(tensors: list[Any], _: int) -> Any:
        size = min(map(len, tensors))
        return function(*(tensor[:size] for tensor in tensors))

    return apply


def _insert(tensors: list[Any], number: int) -> Any:
    """The second tensor over the first from `number` on, cut where the first ends."""
    target, source = tensors
    result = target.copy()
    offset = min(number, len(target))
    size = min(len(source), len(target) - offset)
    result[offset : offset + size] = source[:size]
    return result


OPERATIONS: dict[str, Operation] = {
    "negate": Operation(
        (_T,),
        _T,
        _elementwise(
            "{0}",
            "tensor<?xi32>",
            "%{r}_k = arith.constant {n} : i32\n%{r}_v = arith.subi %{r}_k, %{r}_x : i32",
        ),
        lambda values, number: np.int32(number) - values[0],
    ),
    "scale": Operation(
        (_T, _I),
        _T,
        _elementwise("{0}", "tensor<?xi32>", "%{r}_v = arith.muli {1}, %{r}_x : i32"),
        lambda values, _: values[0] * values[1],
    ),
    "add": Operation(
        (_T, _T),
        _T,
        _COMMON_PREFIX + "%{r} = arith.addi %{r}_a, %{r}_b : tensor<?xi32>",
        _common_prefix(np.add),
    ),
    "largest": Operation(
        (_T, _T),
        _T,
        _COMMON_PREFIX
        + "%{r}_g = arith.cmpi sgt, %{r}_a, %{r}_b : tensor<?xi32>\n"
        + "%{r} = arith.select %{r}_g, %{r}_a, %{r}_b : tensor<?xi1>, tensor<?xi32>",
        _common_prefix(np.maximum),
    ),
    "choose": Operation(
        (_C, _T, _T),
        _T,
        "%{r} = arith.select {0}, {1}, {2} : tensor<?xi32>",
        lambda values, _: values[1] if values[0] else values[2],
    ),
    "join": Operation(
        (_T, _T),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_d0 = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_d1 = tensor.dim {1}, %{r}_c0 : tensor<?xi32>
%{r}_d = arith.addi %{r}_d0, %{r}_d1 : index
%{r}_e = tensor.empty(%{r}_d) : tensor<?xi32>
%{r}_f = tensor.insert_slice {0} into %{r}_e[0] [%{r}_d0] [1] : tensor<?xi32> into tensor<?xi32>
%{r} = tensor.insert_slice {1} into %{r}_f[%{r}_d0] [%{r}_d1] [1] : tensor<?xi32> into tensor<?xi32>""",
        lambda values, _: np.concatenate(values),
    ),
    "drop": Operation(
        (_T,),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_n = arith.constant {n} : index
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_o = arith.minsi %{r}_n, %{r}_d : index
%{r}_s = arith.subi %{r}_d, %{r}_o : index
%{r} = tensor.extract_slice {0}[%{r}_o] [%{r}_s] [1] : tensor<?xi32> to tensor<?xi32>""",
        lambda values, number: values[0][number:],
    ),
    "every": Operation(
        (_T,),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_n = arith.constant {n} : index
%{r}_c1 = arith.constant 1 : index
%{r}_t = arith.addi %{r}_n, %{r}_c1 : index
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_s = arith.ceildivsi %{r}_d, %{r}_t : index
%{r} = tensor.extract_slice {0}[0] [%{r}_s] [%{r}_t] : tensor<?xi32> to tensor<?xi32>""",
        lambda values, number: values[0][:: number + 1],
    ),
    "reverse": Operation(
        (_T,),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_c1 = arith.constant 1 : index
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_e = tensor.empty(%{r}_d) : tensor<?xi32>
%{r} = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}}
    outs(%{r}_e : tensor<?xi32>) {{
^bb0(%{r}_o: i32):
  %{r}_i = linalg.index 0 : index
  %{r}_l = arith.subi %{r}_d, %{r}_c1 : index
  %{r}_j = arith.subi %{r}_l, %{r}_i : index
  %{r}_v = tensor.extract {0}[%{r}_j] : tensor<?xi32>
  linalg.yield %{r}_v : i32
}} -> tensor<?xi32>""",
        lambda values, _: values[0][::-1],
    ),
    "over": Operation(
        (_T, _T),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_n = arith.constant {n} : index
%{r}_d0 = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_d1 = tensor.dim {1}, %{r}_c0 : tensor<?xi32>
%{r}_o = arith.minsi %{r}_n, %{r}_d0 : index
%{r}_l = arith.subi %{r}_d0, %{r}_o : index
%{r}_s = arith.minsi %{r}_l, %{r}_d1 : index
%{r}_p = tensor.extract_slice {1}[0] [%{r}_s] [1] : tensor<?xi32> to tensor<?xi32>
%{r} = tensor.insert_slice %{r}_p into {0}[%{r}_o] [%{r}_s] [1] : tensor<?xi32> into tensor<?xi32>""",
        _insert,
    ),
    "fill": Operation(
        (_I, _I),
        _T,
        """%{r}_m = arith.constant 7 : i32
%{r}_k = arith.andi {0}, %{r}_m : i32
%{r}_d = arith.index_cast %{r}_k : i32 to index
%{r}_e = tensor.empty(%{r}_d) : tensor<?xi32>
%{r} = linalg.fill ins({1} : i32) outs(%{r}_e : tensor<?xi32>) -> tensor<?xi32>""",
        lambda values, _: np.full(int(values[0]) & 7, values[1], np.int32),
    ),
    "known": Operation(
        (),
        _T,
        """%{r}_k = arith.constant dense<[{n}, 5]> : tensor<2xi32>
%{r} = tensor.cast %{r}_k : tensor<2xi32> to tensor<?xi32>""",
        lambda _values, number: np.array([number, 5], np.int32),
    ),
    "nothing": Operation(
        (),
        _T,
        """%{r}_k = arith.constant dense<> : tensor<0xi32>
%{r} = tensor.cast %{r}_k : tensor<0xi32> to tensor<?xi32>""",
        lambda _values, _: np.zeros(0, np.int32),
    ),
    "products": Operation(
        (_T, _T),
        _T,
        """%{r}_c0 = arith.constant 0 : index
%{r}_z = arith.constant {n} : i32
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_e = tensor.empty(%{r}_d) : tensor<?xi32>
%{r}_f = linalg.fill ins(%{r}_z : i32) outs(%{r}_e : tensor<?xi32>) -> tensor<?xi32>
%{r} = linalg.generic {{indexing_maps = [affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d1)>,
    affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}}
    ins({0}, {1} : tensor<?xi32>, tensor<?xi32>) outs(%{r}_f : tensor<?xi32>) {{
^bb0(%{r}_x: i32, %{r}_y: i32, %{r}_o: i32):
  %{r}_p = arith.xori %{r}_x, %{r}_y : i32
  %{r}_v = arith.addi %{r}_o, %{r}_p : i32
  linalg.yield %{r}_v : i32
}} -> tensor<?xi32>""",
        lambda values, number: (
            number + (values[0][:, None] ^ values[1][None, :]).sum(1, dtype=np.int32)
        ).astype(np.int32),
    ),
    "sum": Operation(
        (_T,),
        _I,
        """%{r}_z = arith.constant {n} : i32
%{r}_e = tensor.empty() : tensor<i32>
%{r}_f = linalg.fill ins(%{r}_z : i32) outs(%{r}_e : tensor<i32>) -> tensor<i32>
%{r}_s = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>],
    iterator_types = ["reduction"]}} ins({0} : tensor<?xi32>) outs(%{r}_f : tensor<i32>) {{
^bb0(%{r}_x: i32, %{r}_o: i32):
  %{r}_v = arith.addi %{r}_o, %{r}_x : i32
  linalg.yield %{r}_v : i32
}} -> tensor<i32>
%{r} = tensor.extract %{r}_s[] : tensor<i32>""",
        lambda values, number: _wrap(number + int(values[0].sum(dtype=np.int64))),
    ),
    "size": Operation(
        (_T,),
        _I,
        """%{r}_c0 = arith.constant 0 : index
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r} = arith.index_cast %{r}_d : index to i32""",
        lambda values, _: _wrap(len(values[0])),
    ),
    "element": Operation(
        (_T, _I),
        _I,
        """%{r}_c0 = arith.constant 0 : index
%{r}_m = arith.constant 7 : i32
%{r}_k = arith.andi {1}, %{r}_m : i32
%{r}_i = arith.index_cast %{r}_k : i32 to index
%{r}_d = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_in = arith.cmpi slt, %{r}_i, %{r}_d : index
%{r} = scf.if %{r}_in -> i32 {{
  %{r}_x = tensor.extract {0}[%{r}_i] : tensor<?xi32>
  scf.yield %{r}_x : i32
}} else {{
  %{r}_y = arith.constant {n} : i32
  scf.yield %{r}_y : i32
}}""",
        lambda values, number: (
            values[0][values[1] & 7] if values[1] & 7 < len(values[0]) else np.int32(number)
        ),
    ),
    "plus": Operation(
        (_I, _I),
        _I,
        "%{r} = arith.addi {0}, {1} : i32",
        lambda values, _: _wrap(int(values[0]) + int(values[1])),
    ),
    "minus": Operation(
        (_I, _I),
        _I,
        "%{r} = arith.subi {0}, {1} : i32",
        lambda values, _: _wrap(int(values[0]) - int(values[1])),
    ),
    "times": Operation(
        (_I, _I),
        _I,
        "%{r} = arith.muli {0}, {1} : i32",
        lambda values, _: _wrap(int(values[0]) * int(values[1])),
    ),
    "number": Operation((), _I, "%{r} = arith.constant {n} : i32", lambda _values, number: np.int32(number)),
    "less": Operation(
        (_I, _I), _C, "%{r} = arith.cmpi slt, {0}, {1} : i32", lambda values, _: bool(values[0] < values[1])
    ),
    "longer": Operation(
        (_T, _T),
        _C,
        """%{r}_c0 = arith.constant 0 : index
%{r}_d0 = tensor.dim {0}, %{r}_c0 : tensor<?xi32>
%{r}_d1 = tensor.dim {1}, %{r}_c0 : tensor<?xi32>
%{r} = arith.cmpi sgt, %{r}_d0, %{r}_d1 : index""",
        lambda values, _: len(values[0]) > len(values[1]),
    ),
    "odd": Operation(
        (_I,),
        _C,
        """%{r}_c1 = arith.constant 1 : i32
%{r}_b = arith.andi {0}, %{r}_c1 : i32
%{r} = arith.cmpi eq, %{r}_b, %{r}_c1 : i32""",
        lambda values, _: bool(values[0] & 1),
    ),
}
"""By name. Values take the operands and the constant, which is 0 to 3."""
