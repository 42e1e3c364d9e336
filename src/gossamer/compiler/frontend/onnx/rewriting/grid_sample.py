"""`GridSample`: elements of an image at points, which lie between them."""

from __future__ import annotations

from itertools import product

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.interpolation import cubic_weights, linear_weights
from gossamer.compiler.frontend.onnx.rewriting.site import Site

_INT64, _FLOAT = 7, 1
"""Numbers of types in `onnx.TensorProto.DataType`."""
_CUBIC_A = -0.75


def rewrite_grid_sample(site: Site) -> list[str]:
    """Operands: x [n, c, sizes...], points [n, other sizes..., axes], the last axis first, from -1 to 1."""
    x, grid = site.input(0), site.input(1)
    rank = site.rank(x)
    spatial = rank - 2
    mode = {"bilinear": "linear", "bicubic": "cubic"}.get(
        site.text("mode", "linear"), site.text("mode", "linear")
    )
    dtype = site.numpy_dtype(x)
    sizes = [site.dim(x, axis) for axis in range(2, rank)]
    count = site.constant([-1], np.int64)
    batch, channels = site.dim(x, 0), site.dim(x, 1)
    flat = site.op("Reshape", x, site.op("Concat", batch, channels, count, axis=0))
    axes_last = site.constant([spatial], np.int64)
    points = site.op("Reshape", grid, site.op("Concat", batch, count, axes_last, axis=0))
    choices: list[list[tuple[str, str]]] = []
    for axis in range(spatial):
        place = site.squeezed(site.sliced(points, 2, spatial - 1 - axis, spatial - axis), 2)
        position = _position(site, site.cast(place, _FLOAT), sizes[axis])
        choices.append(_weighted(site, position, mode, sizes[axis]))
    total = ""
    for corner in product(*choices):
        term = _taken(site, flat, [place for place, _ in corner], sizes, (batch, channels), dtype)
        for _, weight in corner:
            if weight:
                met = site.unsqueezed(site.cast(weight, site.dtype(x)), 1)
                term = site.op("Mul", term, met)
        total = site.op("Add", total, term) if total else term
    others = site.op("Shape", grid, start=1, end=spatial + 1)
    return [site.op("Reshape", total, site.op("Concat", batch, channels, others, axis=0))]


def _position(site: Site, place: str, size: str) -> str:
    """Where a point is, in elements; reflected or moved into the image where it is to be."""
    one, two = site.constant(1, np.float32), site.constant(2, np.float32)
    length = site.cast(size, _FLOAT)
    shifted = site.op("Add", place, one)
    if site.attribute("align_corners", 0):
        return site.op("Mul", site.op("Div", shifted, two), site.op("Sub", length, one))
    return site.op("Div", site.op("Sub", site.op("Mul", shifted, length), one), two)


def _weighted(site: Site, position: str, mode: str, size: str) -> list[tuple[str, str]]:
    """Elements that a position is made of, with their weights; one without a weight is taken as it is."""
    if mode == "nearest":
        return [(site.cast(site.op("Round", position), _INT64), "")]
    below = site.op("Floor", position)
    part = site.op("Sub", position, below)
    floor = site.cast(below, _INT64)
    weights = linear_weights(site, part) if mode == "linear" else cubic_weights(site, part, _CUBIC_A)
    first = 0 if mode == "linear" else -1
    found: list[tuple[str, str]] = []
    for index, weight in enumerate(weights):
        place = site.op("Add", floor, site.constant(first + index, np.int64))
        if _padding(site) == "zeros":
            weight = site.op("Where", _is_inside(site, place, size), weight, site.constant(0, np.float32))
        found.append((place, weight))
    return found


def _padding(site: Site) -> str:
    return site.text("padding_mode", "zeros")


def _is_inside(site: Site, place: str, size: str) -> str:
    is_after = site.op("GreaterOrEqual", place, site.constant([0], np.int64))
    return site.op("And", is_after, site.op("Less", place, size))


def _taken(
    site: Site,
    flat: str,
    places: list[str],
    sizes: list[str],
    outer: tuple[str, str],
    dtype: np.dtype[np.generic],
) -> str:
    """Elements at places, [n, c, points]; outside of the image as `padding_mode` says, unless weights do."""
    zero, one = site.constant([0], np.int64), site.constant([1], np.int64)
    inside, index = "", ""
    for place, size in zip(places, sizes, strict=True):
        if _padding(site) == "zeros" and site.text("mode", "linear") == "nearest":
            is_inside = _is_inside(site, place, size)
            inside = site.op("And", inside, is_inside) if inside else is_inside
        within = _reflected(site, place, size) if _padding(site) == "reflection" else place
        bounded = site.op("Min", site.op("Max", within, zero), site.op("Sub", size, one))
        index = site.op("Add", site.op("Mul", index, size), bounded) if index else bounded
    wide = site.op("Concat", *outer, site.constant([1], np.int64), axis=0)
    indices = site.op("Expand", site.unsqueezed(index, 1), wide)
    found = site.op("GatherElements", flat, indices, axis=2)
    return site.op("Where", site.unsqueezed(inside, 1), found, site.constant(0, dtype)) if inside else found


def _reflected(site: Site, place: str, size: str) -> str:
    """An element's number, mirrored at the first and the last, or at their outer edges."""
    one, two = site.constant([1], np.int64), site.constant([2], np.int64)
    if site.attribute("align_corners", 0):
        # Why the maximum: of one element there is nothing to mirror.
        last = site.op("Sub", size, one)
        period = site.op("Max", site.op("Mul", two, last), one)
        within = site.op("Mod", place, period)
        return site.op("Min", within, site.op("Sub", period, within))
    period = site.op("Mul", two, size)
    within = site.op("Mod", place, period)
    return site.op("Min", within, site.op("Sub", site.op("Sub", period, one), within))
