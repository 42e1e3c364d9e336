"""Operators of onnxruntime's own, which its optimiser and its quantiser leave in models.

Their meaning: onnxruntime's page of contributed operators. Quantised ones compute as it does: operands to
32-bit integers or floats without loss, the result rounded once.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingModuleSource=false, reportMissingTypeStubs=false
# ONNX is an optional extra.

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_SQRT_2_OVER_PI = 0.7978845608028654


def _fused_matmul(site: Site) -> list[str] | None:
    if site.attribute("transBatchA", 0) or site.attribute("transBatchB", 0):
        return None
    sides = [
        _transposed(site, site.input(index)) if site.attribute(name, 0) else site.input(index)
        for index, name in enumerate(("transA", "transB"))
    ]
    product = site.op("MatMul", *sides)
    alpha = site.attribute("alpha", 1.0)
    scale = site.constant(alpha, site.numpy_dtype(site.input(0)))
    return [product if alpha == 1 else site.op("Mul", product, scale)]


def _transposed(site: Site, name: str) -> str:
    rank = site.rank(name)
    return name if rank < 2 else site.op("Transpose", name, perm=[*range(rank - 2), rank - 1, rank - 2])


def _fused_conv(site: Site) -> list[str] | None:
    given = {each.name: site.attribute(each.name) for each in site.node.attribute}
    activation = given.pop("activation", b"").decode()
    parameters = given.pop("activation_params", [])
    result = site.op("Conv", *site.node.input[:3], **given)
    if site.input(3):
        result = site.op("Add", result, site.input(3))
    names = {"LeakyRelu": ("alpha",), "HardSigmoid": ("alpha", "beta")}.get(activation, ())
    if activation == "Clip":
        dtype = site.numpy_dtype(site.input(0))
        return [site.op("Clip", result, *(site.constant(each, dtype) for each in parameters))]
    if activation not in ("", "Relu", "Sigmoid", "Tanh", *("LeakyRelu", "HardSigmoid")):
        return None
    if not activation:
        return [result]
    return [site.op(activation, result, **dict(zip(names, parameters, strict=False)))]


def _gelu(site: Site) -> list[str]:
    x = site.input(0)
    summed = site.op("Add", x, site.input(1)) if site.input(1) else x
    return [_exact_gelu(site, summed, site.numpy_dtype(x))]


def _exact_gelu(site: Site, x: str, dtype: np.dtype[np.generic]) -> str:
    inner = site.op("Erf", site.op("Div", x, site.constant(np.sqrt(2), dtype)))
    weight = site.op("Add", inner, site.constant(1, dtype))
    return site.op("Mul", site.op("Mul", x, weight), site.constant(0.5, dtype))


def fast_gelu(site: Site) -> list[str]:
    """`Gelu` by `tanh`, of the sum of the operands."""
    dtype = site.numpy_dtype(site.input(0))
    x = site.op("Add", site.input(0), site.input(1)) if site.input(1) else site.input(0)
    cube = site.op("Mul", site.op("Mul", x, x), x)
    inner = site.op("Add", x, site.op("Mul", cube, site.constant(0.044715, dtype)))
    curve = site.op("Tanh", site.op("Mul", inner, site.constant(_SQRT_2_OVER_PI, dtype)))
    weight = site.op("Mul", site.op("Add", curve, site.constant(1, dtype)), site.constant(0.5, dtype))
    return [site.op("Mul", x, weight)]


def _quick_gelu(site: Site) -> list[str]:
    x, alpha = site.input(0), site.attribute("alpha", 1.702)
    scaled = site.op("Mul", x, site.constant(alpha, site.numpy_dtype(x)))
    return [site.op("Mul", x, site.op("Sigmoid", scaled))]


def _skip_layer_normalization(site: Site) -> list[str] | None:
    """Results: normalised, (mean, inverse deviation: for training only), the sum that is normalised."""
    if site.wants(1) or site.wants(2):
        return None
    simplified = site.node.op_type == "SkipSimplifiedLayerNormalization"
    x, skip, gamma = (site.input(index) for index in range(3))
    beta, bias = ("", site.input(3)) if simplified else (site.input(3), site.input(4))
    summed = site.op("Add", x, skip)
    if bias:
        summed = site.op("Add", summed, bias)
    epsilon = site.attribute("epsilon", 1e-5 if simplified else 1e-12)
    if simplified:
        normal = _root_mean_square(site, summed, gamma, epsilon, site.numpy_dtype(x))
    else:
        operands = [summed, gamma, *([beta] if beta else [])]
        normal = site.op("LayerNormalization", *operands, axis=-1, epsilon=epsilon)
    return [normal, "", "", summed]


def _simplified_layer_normalization(site: Site) -> list[str] | None:
    x, scale = site.input(0), site.input(1)
    if site.attribute("axis", -1) not in (-1, site.rank(x) - 1) or site.wants(1):
        return None
    epsilon = site.attribute("epsilon", 1e-5)
    return [_root_mean_square(site, x, scale, epsilon, site.numpy_dtype(x))]


def _root_mean_square(site: Site, x: str, scale: str, epsilon: float, dtype: np.dtype[np.generic]) -> str:
    mean = site.reduced("ReduceMean", site.op("Mul", x, x), [-1])
    root = site.op("Sqrt", site.op("Add", mean, site.constant(epsilon, dtype)))
    return site.op("Mul", site.op("Div", x, root), scale)


def _dynamic_quantize_matmul(site: Site) -> list[str]:
    """Operands: A in floats, B, scale of B, zero point of B, bias."""
    a, b, b_scale, b_zero, bias = (site.input(index) for index in range(5))
    quantized, a_scale, a_zero = site.ops("DynamicQuantizeLinear", a, count=3)
    return [_scaled_product(site, (quantized, a_zero, a_scale), (b, b_zero, b_scale), bias)]


def _matmul_integer_to_float(site: Site) -> list[str]:
    a, b, a_scale, b_scale, a_zero, b_zero, bias = (site.input(index) for index in range(7))
    return [_scaled_product(site, (a, a_zero, a_scale), (b, b_zero, b_scale), bias)]


def _scaled_product(site: Site, a: tuple[str, str, str], b: tuple[str, str, str], bias: str) -> str:
    product = site.cast(site.op("MatMulInteger", a[0], b[0], a[1], b[1]), TensorProto.FLOAT)
    result = site.op("Mul", product, site.op("Mul", a[2], b[2]))
    return site.op("Add", result, bias) if bias else result


def _same_in_onnx(site: Site) -> list[str]:
    """An operator that ONNX has in the meantime."""
    given = {each.name: site.attribute(each.name) for each in site.node.attribute}
    return site.ops(site.node.op_type, *site.node.input, count=len(site.node.output), **given)


def _float(site: Site, index: int) -> str:
    """The operand at an index as floats: the two after it are its scale and its zero point."""
    return site.op("DequantizeLinear", *(site.input(each) for each in range(index, index + 3)))


def _quantized(site: Site, x: str, index: int) -> list[str]:
    return [site.op("QuantizeLinear", x, site.input(index), site.input(index + 1))]


def _qlinear_of(op_type: str, *, count: int) -> Callable[[Site], list[str] | None]:
    """An operator on so many quantised operands, of three inputs each; two more say how the result is."""

    def rewrite(site: Site) -> list[str] | None:
        if site.attribute("channels_last", 0):
            return None
        given = {each.name: site.attribute(each.name) for each in site.node.attribute}
        for name in ("channels_last", "opset"):
            given.pop(name, None)
        result = site.op(op_type, *(_float(site, 3 * index) for index in range(count)), **given)
        return _quantized(site, result, 3 * count)

    return rewrite


def _qlinear_concat(site: Site) -> list[str]:
    parts = [_float(site, index) for index in range(2, len(site.node.input), 3)]
    return _quantized(site, site.op("Concat", *parts, axis=site.attribute("axis")), 0)


def _qgemm(site: Site) -> list[str]:
    """Operands: A, B (scale and zero point after each), C in 32 bits, scale and zero point of the result."""
    sides = [_float(site, 0), _float(site, 3)]
    for index, name in enumerate(("transA", "transB")):
        if site.attribute(name, 0):
            sides[index] = site.op("Transpose", sides[index], perm=[1, 0])
    result = site.op("MatMul", *sides)
    alpha = site.constant(site.attribute("alpha", 1.0), np.float32)
    if site.input(6):
        scale = site.op("Mul", site.input(1), site.input(4))
        result = site.op("Add", result, site.op("Mul", site.cast(site.input(6), TensorProto.FLOAT), scale))
    result = site.op("Mul", result, alpha)
    return _quantized(site, result, 7) if site.input(7) else [result]


CONTRIB: dict[str, Callable[[Site], list[str] | None]] = {
    "BiasGelu": _gelu,
    "DequantizeLinear": _same_in_onnx,
    "DynamicQuantizeMatMul": _dynamic_quantize_matmul,
    "FastGelu": fast_gelu,
    "FusedConv": _fused_conv,
    "FusedMatMul": _fused_matmul,
    "Gelu": _gelu,
    "MatMulIntegerToFloat": _matmul_integer_to_float,
    "QGemm": _qgemm,
    "QLinearAdd": _qlinear_of("Add", count=2),
    "QLinearAveragePool": _qlinear_of("AveragePool", count=1),
    "QLinearConcat": _qlinear_concat,
    "QLinearGlobalAveragePool": _qlinear_of("GlobalAveragePool", count=1),
    "QLinearLeakyRelu": _qlinear_of("LeakyRelu", count=1),
    "QLinearMul": _qlinear_of("Mul", count=2),
    "QLinearSigmoid": _qlinear_of("Sigmoid", count=1),
    "QLinearSoftmax": _qlinear_of("Softmax", count=1),
    "QuantizeLinear": _same_in_onnx,
    "QuickGelu": _quick_gelu,
    "SimplifiedLayerNormalization": _simplified_layer_normalization,
    "SkipLayerNormalization": _skip_layer_normalization,
    "SkipSimplifiedLayerNormalization": _skip_layer_normalization,
}
