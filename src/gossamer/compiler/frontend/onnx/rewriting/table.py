"""Which operators are rewritten, and by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gossamer.compiler.frontend.onnx.rewriting import elementwise, quantized
from gossamer.compiler.frontend.onnx.rewriting.boxes import rewrite_non_max_suppression
from gossamer.compiler.frontend.onnx.rewriting.contrib import CONTRIB
from gossamer.compiler.frontend.onnx.rewriting.grid_sample import rewrite_grid_sample
from gossamer.compiler.frontend.onnx.rewriting.interpolation import rewrite_resize
from gossamer.compiler.frontend.onnx.rewriting.layout import (
    refuse_unique,
    rewrite_compress,
    rewrite_space_to_depth,
    rewrite_top_k,
)
from gossamer.compiler.frontend.onnx.rewriting.linear_algebra import rewrite_det
from gossamer.compiler.frontend.onnx.rewriting.padding import rewrite_padding
from gossamer.compiler.frontend.onnx.rewriting.recurrent import rewrite_quantized_lstm, rewrite_recurrent
from gossamer.compiler.frontend.onnx.rewriting.site import Site
from gossamer.compiler.frontend.onnx.rewriting.squeeze import rewrite_squeeze
from gossamer.compiler.frontend.onnx.rewriting.traditional import TRADITIONAL

Rewriter = Callable[[Site], list[str] | None]
"""Makes nodes in place of a node and names their results, in the order of the node's; None leaves it."""

_ONNX: dict[str, Rewriter] = {
    "AveragePool": rewrite_padding,
    "BitShift": elementwise.rewrite_bit_shift,
    "Cast": elementwise.rewrite_cast,
    "CastLike": elementwise.rewrite_cast,
    "Clip": elementwise.rewrite_clip,
    "Compress": rewrite_compress,
    "Conv": rewrite_padding,
    "ConvInteger": quantized.rewrite_conv_integer,
    "ConvTranspose": rewrite_padding,
    "DequantizeLinear": quantized.rewrite_dequantize,
    "Det": rewrite_det,
    "DynamicQuantizeLinear": quantized.rewrite_dynamic_quantize,
    "Gelu": elementwise.rewrite_gelu,
    "GridSample": rewrite_grid_sample,
    "GRU": rewrite_recurrent,
    "LSTM": rewrite_recurrent,
    "LpNormalization": elementwise.rewrite_lp_normalization,
    "LpPool": rewrite_padding,
    "MatMulInteger": quantized.rewrite_matmul_integer,
    "MaxPool": rewrite_padding,
    "NonMaxSuppression": rewrite_non_max_suppression,
    "QLinearConv": quantized.rewrite_qlinear_conv,
    "QLinearMatMul": quantized.rewrite_qlinear_matmul,
    "QuantizeLinear": quantized.rewrite_quantize,
    "Resize": rewrite_resize,
    "RNN": rewrite_recurrent,
    "SpaceToDepth": rewrite_space_to_depth,
    "Squeeze": rewrite_squeeze,
    "TopK": rewrite_top_k,
    "Unique": refuse_unique,
    # onnxruntime's tools leave it in ONNX's own domain.
    "SimplifiedLayerNormalization": CONTRIB["SimplifiedLayerNormalization"],
}
_MICROSOFT = {**CONTRIB, "DynamicQuantizeLSTM": rewrite_quantized_lstm}
_BY_DOMAIN = {"": _ONNX, "ai.onnx": _ONNX, "ai.onnx.ml": TRADITIONAL, "com.microsoft": _MICROSOFT}


def rewriter_of(node: Any) -> Rewriter | None:
    """What rewrites a node's operator."""
    return _BY_DOMAIN.get(node.domain, {}).get(node.op_type)
