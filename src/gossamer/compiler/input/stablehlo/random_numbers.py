"""Random numbers of StableHLO, beside those that the library lowers.

Numbers are the same in each run and the same as IREE's: normal ones come from a Mersenne twister with seed 0
by the method of Box and Muller, when the program is compiled. Uniform ones the library makes, of f32 and f64.
Spec: StableHLO, `rng`, `rng_bit_generator`; IREE, `ExpandRngNormal`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.stablehlo.builder import stablehlo
from gossamer.compiler.mlir import ir

_EPSILON = 2.0**-23


def lower_rng(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Lower normal numbers of a static shape, and uniform ones of types that the library leaves."""
    low, high, shape = op.operands
    type = ir.RankedTensorType(op.result.type)
    element = type.element_type
    if "NORMAL" in str(op.attributes["rng_distribution"]):
        return _normal(low, high, type) if type.has_static_shape else None
    if str(element) in ("f32", "f64", "i1"):
        return None
    is_integer = isinstance(element, ir.IntegerType)
    wide = ir.F64Type.get() if is_integer else ir.F32Type.get()
    limits = [_convert(limit, wide) for limit in (low, high)]
    attributes = {"rng_distribution": op.attributes["rng_distribution"]}
    uniform = stablehlo("rng", [*limits, shape], ir.RankedTensorType.get(type.shape, wide), attributes)
    if is_integer:
        uniform = stablehlo("floor", [uniform], uniform.type)
    return [_convert(uniform, element)]


def lower_rng_bit_generator(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Make the default algorithm the one that it is in XLA; the library lowers those that have names."""
    if "DEFAULT" not in str(op.attributes["rng_algorithm"]):
        return None
    algorithm = ir.Attribute.parse("#stablehlo<rng_algorithm PHILOX>")
    types = [result.type for result in op.results]
    return list(ir.Operation.create(op.name, types, list(op.operands), {"rng_algorithm": algorithm}).results)


def _normal(mean: ir.Value, deviation: ir.Value, type: ir.RankedTensorType) -> Sequence[ir.Value]:
    wide = type.element_type if isinstance(type.element_type, ir.F64Type) else ir.F32Type.get()
    numbers = ir.RankedTensorType.get(type.shape, wide)
    count = 1
    for extent in type.shape:
        count *= extent
    data = _standard_normals(count, "<f8" if isinstance(wide, ir.F64Type) else "<f4")
    value = ir.Attribute.parse(f'dense<"0x{data.hex()}"> : {numbers}' if count else f"dense<> : {numbers}")
    normals = stablehlo("constant", [], numbers, {"value": value})
    nowhere: dict[str, ir.Attribute] = {"broadcast_dimensions": ir.DenseI64ArrayAttr.get([])}
    spread = [
        stablehlo("broadcast_in_dim", [_convert(scalar, wide)], numbers, nowhere)
        for scalar in (mean, deviation)
    ]
    scaled = stablehlo("multiply", [normals, spread[1]], numbers)
    return [_convert(stablehlo("add", [scaled, spread[0]], numbers), type.element_type)]


def _standard_normals(count: int, dtype: str) -> bytes:
    # Why here: few programs need it, and loading it takes longer than most compilations.
    import numpy as np

    pairs = (count + 1) // 2
    twister = np.random.RandomState(0)
    kept = np.empty((0, 2))
    while len(kept) < pairs:
        bits = twister.randint(0, 1 << 32, (2 * (pairs - len(kept)), 2), dtype=np.uint32).astype(np.float64)
        uniform = ((bits[:, 0] + bits[:, 1] * 2.0**32) * 2.0**-64).astype(np.float32).reshape(-1, 2)
        kept = np.concatenate([kept, uniform[uniform[:, 0] > _EPSILON]])
    length = np.sqrt(-2 * np.log(kept[:, 0]))
    angle = 2 * np.pi * kept[:, 1]
    normals = np.concatenate([length * np.cos(angle), length * np.sin(angle)])
    return normals[:count].astype(dtype).tobytes()


def _convert(tensor: ir.Value, element: ir.Type) -> ir.Value:
    type = ir.RankedTensorType.get(ir.RankedTensorType(tensor.type).shape, element)
    return tensor if type == tensor.type else stablehlo("convert", [tensor], type)
