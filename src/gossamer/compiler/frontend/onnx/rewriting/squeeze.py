"""`Squeeze` of dimensions of open size, which the importer's lowering does not take out."""

from __future__ import annotations

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site


def rewrite_squeeze(site: Site) -> list[str] | None:
    """Take the only element of each such dimension, and assert that it is the only one."""
    x, axes = site.input(0), site.value(site.input(1)) if site.input(1) else None
    shape = site.shape(x)
    if shape is None or axes is None:
        return None
    removed = sorted({int(axis) % len(shape) for axis in axes.reshape(-1)})
    open_axes = [axis for axis in removed if shape[axis] is None]
    if not open_axes:
        return None
    first = site.constant(0, np.int64)
    one = site.constant([1], np.int64)
    result = x
    for axis in reversed(open_axes):
        site.assume(site.op("Equal", site.dim(x, axis), one))
        result = site.op("Gather", result, first, axis=axis)
    rest = [axis - sum(each < axis for each in open_axes) for axis in removed if shape[axis] is not None]
    return [site.squeezed(result, *rest) if rest else result]
