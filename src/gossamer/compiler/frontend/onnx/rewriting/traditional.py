"""Operators of `ai.onnx.ml`, which models of scikit-learn begin with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_FLOAT = 1
"""Number of the type in `onnx.TensorProto.DataType`."""


def _scaler(site: Site) -> list[str]:
    """`(x - offset) * scale`, each one number or one a feature."""
    x = site.cast(site.input(0), _FLOAT)
    offset = site.constant(site.attribute("offset", [0.0]), np.float32)
    scale = site.constant(site.attribute("scale", [1.0]), np.float32)
    return [site.op("Mul", site.op("Sub", x, offset), scale)]


def _binarizer(site: Site) -> list[str]:
    x = site.input(0)
    dtype = site.numpy_dtype(x)
    bound, one, zero = (site.constant(each, dtype) for each in (site.attribute("threshold", 0.0), 1, 0))
    return [site.op("Where", site.op("Greater", x, bound), one, zero)]


def _array_feature_extractor(site: Site) -> list[str]:
    """Columns of the last dimension."""
    columns = site.op("Reshape", site.input(1), site.constant([-1], np.int64))
    return [site.op("Gather", site.input(0), columns, axis=site.rank(site.input(0)) - 1)]


def _normalizer(site: Site) -> list[str] | None:
    x = site.cast(site.input(0), _FLOAT)
    zero, one = site.constant(0, np.float32), site.constant(1, np.float32)
    norm = site.text("norm", "MAX")
    if norm == "MAX":
        length = site.reduced("ReduceMax", x, [-1])
    else:
        length = site.reduced("ReduceL1" if norm == "L1" else "ReduceL2", x, [-1])
    return [site.op("Div", x, site.op("Where", site.op("Equal", length, zero), one, length))]


def _linear_regressor(site: Site) -> list[str] | None:
    targets = site.attribute("targets", 1)
    if site.text("post_transform", "NONE") != "NONE":
        return None
    weights = np.array(site.attribute("coefficients"), np.float32).reshape(targets, -1)
    x = site.cast(site.input(0), _FLOAT)
    product = site.op("MatMul", x, site.constant(weights.T, np.float32))
    intercepts = site.attribute("intercepts", [0.0] * targets)
    return [site.op("Add", product, site.constant(intercepts, np.float32))]


TRADITIONAL: dict[str, Callable[[Site], list[str] | None]] = {
    "ArrayFeatureExtractor": _array_feature_extractor,
    "Binarizer": _binarizer,
    "LinearRegressor": _linear_regressor,
    "Normalizer": _normalizer,
    "Scaler": _scaler,
}
