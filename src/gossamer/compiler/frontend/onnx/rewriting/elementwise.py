"""Elementwise operators whose corner cases the importer's lowerings get wrong."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper

from gossamer.compiler.frontend.onnx.rewriting.contrib import fast_gelu
from gossamer.compiler.frontend.onnx.rewriting.site import Site

_LARGEST = {
    TensorProto.FLOAT8E4M3FN: 448.0,
    TensorProto.FLOAT8E4M3FNUZ: 240.0,
    TensorProto.FLOAT8E5M2: 57344.0,
    TensorProto.FLOAT8E5M2FNUZ: 57344.0,
}
"""Largest number of each float of 8 bits."""
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)


def rewrite_gelu(site: Site) -> list[str] | None:
    """`Gelu` by `tanh`, with all digits of its constants."""
    return fast_gelu(site) if site.text("approximate", "none") == "tanh" else None


def rewrite_cast(site: Site) -> list[str] | None:
    """`Cast` and `CastLike` of floats to floats of 8 bits: what is too large becomes the largest number."""
    x = site.input(0)
    is_like = site.node.op_type == "CastLike"
    wanted = site.dtype(site.input(1)) if is_like else site.attribute("to", 0)
    if wanted not in _LARGEST or site.dtype(x) not in _FLOATS:
        return None
    if is_like and not site.attribute("saturate", 1):
        return None
    like = site.kept(helper.make_tensor("", wanted, [], [0.0]))
    if site.attribute("saturate", 1):
        dtype, largest = site.numpy_dtype(x), _LARGEST[wanted]
        with np.errstate(over="ignore"):
            bound = min(np.array(largest, dtype), np.finfo(dtype).max)
        bounded = site.op("Clip", x, site.constant(-bound, dtype), site.constant(bound, dtype))
        x = site.op("Where", site.op("IsNaN", x), x, bounded)
    return [site.op("CastLike", x, like, saturate=0)]


def rewrite_bit_shift(site: Site) -> list[str]:
    """`BitShift` by as many bits as a number has, or more: nothing is left but its sign, to the right."""
    x, amount = site.input(0), site.input(1)
    dtype = site.numpy_dtype(x)
    width = 8 * dtype.itemsize
    is_signed = dtype.kind == "i"
    is_right = site.text("direction") == "RIGHT"
    least, most = site.constant(0, dtype), site.constant(width - 1, dtype)
    shifted = site.op("BitShift", x, site.op("Clip", amount, least, most), direction=site.text("direction"))
    is_within = site.op("LessOrEqual", amount, most)
    if is_signed:
        is_within = site.op("And", is_within, site.op("GreaterOrEqual", amount, least))
    beyond = least
    if is_signed and is_right:
        beyond = site.op("Where", site.op("Less", x, least), site.constant(-1, dtype), least)
    return [site.op("Where", is_within, shifted, beyond)]


def rewrite_lp_normalization(site: Site) -> list[str]:
    """`LpNormalization`, where all are zeros too: they stay zeros."""
    x, axis = site.input(0), site.attribute("axis", -1)
    kind = "ReduceL1" if site.attribute("p", 2) == 1 else "ReduceL2"
    zero, one = (site.constant(number, site.numpy_dtype(x)) for number in (0, 1))
    norm = site.reduced(kind, x, [axis])
    return [site.op("Div", x, site.op("Where", site.op("Equal", norm, zero), one, norm))]


def rewrite_clip(site: Site) -> list[str] | None:
    """`Clip` of floats: what is not a number stays so."""
    x, least, most = (site.input(index) for index in range(3))
    if site.dtype(x) not in _FLOATS:
        return None
    for op_type, bound in (("Max", least), ("Min", most)):
        if bound:
            x = site.op(op_type, x, bound)
    return [x if x != site.input(0) else site.op("Identity", x)]
