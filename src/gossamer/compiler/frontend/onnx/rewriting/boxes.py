"""`NonMaxSuppression`: the selection of boxes by an operator of our own, lists of them by ONNX's."""

from __future__ import annotations

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_INT64 = 7
"""Number of the type in `onnx.TensorProto.DataType`."""


def rewrite_non_max_suppression(site: Site) -> list[str] | None:
    """Operands: boxes [n, boxes, 4], scores [n, classes, boxes], most boxes, overlap and score at most/least.

    Result: batch, class and box of each that is selected, in the order of batches, classes and scores.
    """
    boxes, scores, most, overlap, least = (site.input(index) for index in range(5))
    shape = site.shape(scores)
    if not most:
        return [site.constant(np.zeros((0, 3)), np.int64)]
    if shape is None or len(shape) != 3:
        return None
    one = site.constant([1], np.int64)
    count = site.op("Min", site.op("Reshape", most, one), site.dim(scores, 2))
    count = site.op("Max", count, site.constant([0], np.int64))
    overlap = overlap or site.constant(0, np.float32)
    operands = [boxes, scores, count, site.op("Reshape", overlap, one)]
    operands.append(site.op("Reshape", least or site.constant(-np.inf, np.float32), one))
    selected = site.own("SelectBoxes", *operands, center_point_box=site.attribute("center_point_box", 0))
    site.declare(selected, _INT64, [shape[0], shape[1], None])
    places = site.op("NonZero", site.op("GreaterOrEqual", selected, site.constant(0, np.int64)))
    places = site.op("Transpose", places, perm=[1, 0])
    chosen = site.unsqueezed(site.op("GatherND", selected, places), 1)
    return [site.op("Concat", site.sliced(places, 1, 0, 2), chosen, axis=1)]
