"""Operators that move elements."""

from __future__ import annotations

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site


def rewrite_space_to_depth(site: Site) -> list[str]:
    """`SpaceToDepth`: each block's elements become channels, before the others or after them."""
    x, block = site.input(0), site.attribute("blocksize")
    batch, channels, height, width = (site.dim(x, axis) for axis in range(4))
    sides = [site.op("Div", size, site.constant([block], np.int64)) for size in (height, width)]
    size = site.constant([block], np.int64)
    split = site.op("Concat", batch, channels, sides[0], size, sides[1], size, axis=0)
    is_channel_first = site.text("mode", "DCR") == "CRD"
    order = [0, 1, 3, 5, 2, 4] if is_channel_first else [0, 3, 5, 1, 2, 4]
    moved = site.op("Transpose", site.op("Reshape", x, split), perm=order)
    more = site.op("Mul", channels, site.constant([block * block], np.int64))
    return [site.op("Reshape", moved, site.op("Concat", batch, more, *sides, axis=0))]


def rewrite_compress(site: Site) -> list[str]:
    """`Compress`: the slices at which a condition is true; it may be shorter than they are many."""
    x, axis = site.input(0), site.attribute("axis")
    if axis is None:
        x, axis = site.op("Reshape", x, site.constant([-1], np.int64)), 0
    chosen = site.op("Reshape", site.op("NonZero", site.input(1)), site.constant([-1], np.int64))
    return [site.op("Gather", x, chosen, axis=axis)]


def rewrite_top_k(site: Site) -> list[str] | None:
    """`TopK` of a number that the program computes: a part of the whole axis in order."""
    x, axis = site.input(0), int(site.attribute("axis", -1))
    shape = site.shape(x)
    if shape is None or site.value(site.input(1)) is not None:
        return None
    axis %= len(shape)
    size: int | None = shape[axis]
    if size is None:
        return None
    given = {each.name: site.attribute(each.name) for each in site.node.attribute}
    ordered = site.ops("TopK", x, site.constant([size], np.int64), count=2, **given)
    bounds = [site.constant([0], np.int64), site.input(1), site.constant([axis], np.int64)]
    return [site.op("Slice", each, *bounds) for each in ordered]


def refuse_unique(site: Site) -> list[str] | None:
    """`Unique`: the importer's lowering ends the process on some shapes."""
    raise site.fault("the number of its results depends on their values, which is not supported here")
