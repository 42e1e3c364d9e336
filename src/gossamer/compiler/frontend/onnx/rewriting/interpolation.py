"""Samples between elements: `Resize` axis by axis, `GridSample` at points.

Positions are computed by operators, and folded where sizes are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_INT64, _FLOAT = 7, 1
"""Numbers of types in `onnx.TensorProto.DataType`."""
_LOWERED = {
    ("nearest", "asymmetric", "floor"),
    ("nearest", "half_pixel", "round_prefer_floor"),
    ("linear", "asymmetric", ""),
    ("linear", "half_pixel", ""),
    ("linear", "pytorch_half_pixel", ""),
}
"""Ways to resize that the importer's lowering computes right, whatever the sizes."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of a `Resize`: sizes before and after, as tensors of one element, and their ratio as asked."""

    before: str
    after: str
    scale: str


def rewrite_resize(site: Site) -> list[str] | None:
    """`Resize`: operands x, region of interest, scales, sizes."""
    x, scales, sizes = site.input(0), site.input(2), site.input(3)
    mode, place = site.text("mode", "nearest"), site.text("coordinate_transformation_mode", "half_pixel")
    nearest = site.text("nearest_mode", "round_prefer_floor") if mode == "nearest" else ""
    policy = site.text("keep_aspect_ratio_policy", "stretch")
    is_plain = policy == "stretch" and site.attribute("axes") is None
    is_plain = is_plain and not site.attribute("antialias", 0) and not site.attribute("exclude_outside", 0)
    if is_plain and (mode, place, nearest) in _LOWERED:
        return None
    rank = site.rank(x)
    axes = [axis % rank for axis in site.attribute("axes", list(range(rank)))]
    if site.attribute("antialias", 0):
        return _antialiased(site, mode, place, axes)
    if place not in _PLACES:
        return None
    asked = _scales(site, x, axes, scales, sizes, policy)
    dtype = site.dtype(x)
    result = site.cast(x, _FLOAT)
    outside: list[str] = []
    for index, axis in enumerate(axes):
        known = site.value(scales) if scales and place != "tf_crop_and_resize" else None
        if known is not None and known.size and known.reshape(-1)[index] == 1:
            continue
        which = asked[index]
        position = _PLACES[place](site, which, _region(site, index, len(axes)))
        if place == "tf_crop_and_resize":
            outside.append(_outside(site, position, which, axis, rank))
        result = _resized(site, result, axis, rank, which, position, mode, nearest)
    for each in outside:
        value = site.constant(site.attribute("extrapolation_value", 0.0), np.float32)
        result = site.op("Where", each, value, result)
    return [site.cast(result, dtype)]


def _scales(site: Site, x: str, axes: list[int], scales: str, sizes: str, policy: str) -> list[_Axis]:
    found: list[_Axis] = []
    before = [site.dim(x, axis) for axis in axes]
    if scales and site.shape(scales) != [0]:
        for index, size in enumerate(before):
            scale = site.sliced(scales, 0, index, index + 1)
            after = site.cast(site.op("Floor", site.op("Mul", site.cast(size, _FLOAT), scale)), _INT64)
            found.append(_Axis(size, after, scale))
        return found
    wanted = [site.sliced(sizes, 0, index, index + 1) for index in range(len(axes))]
    ratios = [
        site.op("Div", site.cast(after, _FLOAT), site.cast(size, _FLOAT))
        for after, size in zip(wanted, before, strict=True)
    ]
    if policy != "stretch":
        common = ratios[0]
        for ratio in ratios[1:]:
            common = site.op("Min" if policy == "not_larger" else "Max", common, ratio)
        half = site.constant(0.5, np.float32)
        ratios = [common] * len(axes)
        wanted = [
            site.cast(
                site.op("Floor", site.op("Add", site.op("Mul", site.cast(s, _FLOAT), common), half)), _INT64
            )
            for s in before
        ]
    return [_Axis(*each) for each in zip(before, wanted, ratios, strict=True)]


def _region(site: Site, index: int, count: int) -> tuple[str, str]:
    """Where the region of interest begins and ends on an axis, in parts of its size."""
    if not site.input(1):
        return "", ""
    region = site.cast(site.input(1), _FLOAT)
    return site.sliced(region, 0, index, index + 1), site.sliced(region, 0, count + index, count + index + 1)


def _counted(site: Site, axis: _Axis) -> str:
    """Numbers of the results along an axis."""
    zero, one = site.constant(0, np.int64), site.constant(1, np.int64)
    return site.cast(site.op("Range", zero, site.squeezed(axis.after, 0), one), _FLOAT)


def _asymmetric(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    return site.op("Div", _counted(site, axis), axis.scale)


def _half_pixel(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    half = site.constant(0.5, np.float32)
    return site.op("Sub", site.op("Div", site.op("Add", _counted(site, axis), half), axis.scale), half)


def _pytorch_half_pixel(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    is_one = site.op("Equal", axis.after, site.constant([1], np.int64))
    return site.op("Where", is_one, site.constant([0], np.float32), _half_pixel(site, axis, region))


def _half_pixel_symmetric(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    before = site.cast(axis.before, _FLOAT)
    exact = site.op("Mul", before, axis.scale)
    adjusted = site.op("Div", site.cast(axis.after, _FLOAT), exact)
    middle = site.op("Div", before, site.constant(2, np.float32))
    shift = site.op("Mul", middle, site.op("Sub", site.constant([1], np.float32), adjusted))
    return site.op("Add", shift, _half_pixel(site, axis, region))


def _align_corners(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    """The last result is at the last element, where lengths are what scales ask for, fractions included."""
    one = site.constant([1], np.float32)
    before = site.cast(axis.before, _FLOAT)
    reached = site.op("Sub", site.op("Mul", before, axis.scale), one)
    is_one = site.op("LessOrEqual", reached, site.constant([0], np.float32))
    step = site.op("Div", site.op("Sub", before, one), site.op("Where", is_one, one, reached))
    zero = site.constant([0], np.float32)
    return site.op("Mul", _counted(site, axis), site.op("Where", is_one, zero, step))


def _cropped(site: Site, axis: _Axis, region: tuple[str, str]) -> str:
    start, end = region
    one, half = site.constant([1], np.float32), site.constant([0.5], np.float32)
    last = site.op("Sub", site.cast(axis.before, _FLOAT), one)
    reached = site.op("Sub", site.cast(axis.after, _FLOAT), one)
    is_one = site.op("LessOrEqual", reached, site.constant([0], np.float32))
    extent = site.op("Mul", site.op("Sub", end, start), last)
    step = site.op("Div", extent, site.op("Where", is_one, one, reached))
    spread = site.op("Add", site.op("Mul", start, last), site.op("Mul", _counted(site, axis), step))
    middle = site.op("Mul", site.op("Mul", half, site.op("Add", start, end)), last)
    return site.op("Where", is_one, middle, spread)


_PLACES = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "tf_crop_and_resize": _cropped,
}


def _outside(site: Site, position: str, axis: _Axis, number: int, rank: int) -> str:
    last = site.op("Sub", site.cast(axis.before, _FLOAT), site.constant([1], np.float32))
    below = site.op("Less", position, site.constant([0], np.float32))
    return _along(site, site.op("Or", below, site.op("Greater", position, last)), number, rank)


def _along(site: Site, vector: str, axis: int, rank: int) -> str:
    """A vector to be met by tensors, along one of their axes."""
    after = range(1, rank - axis)
    return site.unsqueezed(vector, *after) if rank - axis > 1 else vector


def _resized(
    site: Site, x: str, axis: int, rank: int, which: _Axis, position: str, mode: str, nearest: str
) -> str:
    last = site.op("Sub", which.before, site.constant([1], np.int64))
    zero = site.constant([0], np.int64)

    def taken(offset: int, floor: str) -> str:
        moved = site.op("Add", floor, site.constant([offset], np.int64))
        return site.op("Gather", x, site.op("Min", site.op("Max", moved, zero), last), axis=axis)

    if mode == "nearest":
        return taken(0, site.cast(_nearest(site, position, nearest), _INT64))
    below = site.op("Floor", position)
    part = site.op("Sub", position, below)
    floor = site.cast(below, _INT64)
    offsets, weights = (
        ((0, 1), linear_weights(site, part))
        if mode == "linear"
        else ((-1, 0, 1, 2), cubic_weights(site, part, site.attribute("cubic_coeff_a", -0.75)))
    )
    if site.attribute("exclude_outside", 0):
        weights = _inside_only(site, weights, offsets, floor, last)
    total = ""
    for offset, weight in zip(offsets, weights, strict=True):
        term = site.op("Mul", taken(offset, floor), _along(site, weight, axis, rank))
        total = site.op("Add", total, term) if total else term
    return total


def _nearest(site: Site, position: str, nearest: str) -> str:
    half = site.constant(0.5, np.float32)
    if nearest == "floor":
        return site.op("Floor", position)
    if nearest == "ceil":
        return site.op("Ceil", position)
    if nearest == "round_prefer_floor":
        return site.op("Ceil", site.op("Sub", position, half))
    return site.op("Floor", site.op("Add", position, half))


def linear_weights(site: Site, part: str) -> list[str]:
    """Weights of the elements below and above a position, by how far it is from the one below."""
    return [site.op("Sub", site.constant([1], np.float32), part), part]


def cubic_weights(site: Site, part: str, a: float) -> list[str]:
    """Weights of the two elements below and the two above: Keys' kernel at 1 + t, t, 1 - t and 2 - t."""
    one, two = site.constant(1, np.float32), site.constant(2, np.float32)
    other = site.op("Sub", one, part)

    def polynomial(t: str, *coefficients: float) -> str:
        result = site.constant(coefficients[0], np.float32)
        for coefficient in coefficients[1:]:
            result = site.op("Add", site.op("Mul", result, t), site.constant(coefficient, np.float32))
        return result

    near = (a + 2, -(a + 3), 0.0, 1.0)
    far = (a, -5 * a, 8 * a, -4 * a)
    return [
        polynomial(site.op("Add", one, part), *far),
        polynomial(part, *near),
        polynomial(other, *near),
        polynomial(site.op("Sub", two, part), *far),
    ]


def _inside_only(
    site: Site, weights: list[str], offsets: tuple[int, ...], floor: str, last: str
) -> list[str]:
    """Weights of elements that are there, scaled so that their sum is one."""
    zero, none = site.constant([0], np.int64), site.constant(0, np.float32)
    kept: list[str] = []
    total = ""
    for offset, weight in zip(offsets, weights, strict=True):
        place = site.op("Add", floor, site.constant([offset], np.int64))
        is_there = site.op("And", site.op("GreaterOrEqual", place, zero), site.op("LessOrEqual", place, last))
        kept.append(site.op("Where", is_there, weight, none))
        total = site.op("Add", total, kept[-1]) if total else kept[-1]
    return [site.op("Div", weight, total) for weight in kept]


def _antialiased(site: Site, mode: str, place: str, axes: list[int]) -> list[str] | None:
    """Weights over all elements, the wider the more the axis shrinks."""
    x = site.input(0)
    shape = site.known.static_shape(x)
    scales, sizes = site.value(site.input(2)), site.value(site.input(3))
    is_half = place in ("half_pixel", "pytorch_half_pixel")
    if shape is None or not is_half or (scales is None and sizes is None) or mode == "nearest":
        return None
    result = site.cast(x, _FLOAT)
    for index, axis in enumerate(axes):
        size = shape[axis]
        if scales is not None and scales.size:
            scale = float(scales.reshape(-1)[index])
            after = int(np.floor(size * scale))
        else:
            assert sizes is not None
            after = int(sizes.reshape(-1)[index])
            scale = after / size
        if scale == 1:
            continue
        matrix = _filter(size, after, scale, mode, site.attribute("cubic_coeff_a", -0.75), site)
        last = len(shape) - 1
        order = [*range(len(shape))]
        order[axis], order[last] = order[last], order[axis]
        moved = site.op("Transpose", result, perm=order)
        product = site.op("MatMul", moved, site.constant(matrix.T, np.float32))
        result = site.op("Transpose", product, perm=order)
    return [site.cast(result, site.dtype(x))]


def _filter(
    size: int, after: int, scale: float, mode: str, a: float, site: Site
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Weights of each element for each result: shape [after, size]."""
    stretch = min(scale, 1.0)
    centers = (np.arange(after) + 0.5) / scale - 0.5
    reach = int(np.ceil((1 if mode == "linear" else 2) / stretch))
    offsets = np.arange(-reach, reach + 1)
    places = np.floor(centers).astype(np.int64)[:, None] + offsets
    distance = np.abs(places - centers[:, None]) * stretch
    if mode == "linear":
        weights = np.maximum(1 - distance, 0)
    else:
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = ((distance - 5) * distance + 8) * distance * a - 4 * a
        weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0))
    if site.attribute("exclude_outside", 0):
        weights = np.where((places >= 0) & (places < size), weights, 0)
    weights /= weights.sum(axis=1, keepdims=True)
    matrix = np.zeros((after, size))
    np.add.at(matrix, (np.arange(after)[:, None], np.clip(places, 0, size - 1)), weights)
    return matrix
