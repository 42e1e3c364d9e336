"""Padding of windows that depends on sizes, or differs by side, in terms of padding that is explicit.

The importer's lowerings take a size that is open for -1 where padding depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_LAST = np.iinfo(np.int64).max
_POOLS = ("AveragePool", "LpPool", "MaxPool")


@dataclass(frozen=True)
class _Windows:
    """Windows over the spatial dimensions, and how many elements each spans, dilation included."""

    rank: int
    strides: list[int]
    spans: list[int]


def rewrite_padding(site: Site) -> list[str] | None:
    """Make padding of a convolution or pooling explicit."""
    mode = site.text("auto_pad", "NOTSET")
    if site.node.op_type == "ConvTranspose":
        return _transposed(site, mode)
    if mode == "NOTSET":
        return _beyond(site) if site.node.op_type in _POOLS else None
    windows = _windows(site)
    if mode == "VALID":
        return _with_pads(site, [0] * 2 * windows.rank)
    totals = [
        _same_total(size, stride, span)
        for size, stride, span in zip(_sizes(site, windows), windows.strides, windows.spans, strict=True)
    ]
    known = [total for total in totals if total is not None]
    if len(known) < len(totals):
        return _padded_before(site, _runtime_pads(site, mode, windows), f"auto_pad={mode} with strides")
    smaller, larger = [total // 2 for total in known], [total - total // 2 for total in known]
    return _with_pads(site, smaller + larger if mode == "SAME_UPPER" else larger + smaller)


def _sizes(site: Site, windows: _Windows) -> list[int | None]:
    """Sizes of the spatial dimensions."""
    return (site.shape(site.input(0)) or [])[2:] or [None] * windows.rank


def _beyond(site: Site) -> list[str] | None:
    """Pad before a pooling whose padding differs by side, or which has windows that reach past it.

    Of the latter (`ceil_mode`), those do not count that would begin in the padding at the end.
    """
    windows = _windows(site)
    rank = windows.rank
    pads = list(site.attribute("pads", [0] * 2 * rank))
    begins, ends = pads[:rank], pads[rank:]
    sizes = _sizes(site, windows)
    rounds_up = bool(site.attribute("ceil_mode", 0)) and None not in sizes
    more = [0] * rank
    if rounds_up:
        for axis, (size, stride, span) in enumerate(zip(sizes, windows.strides, windows.spans, strict=True)):
            padded = (size or 0) + begins[axis] + ends[axis]
            last = -(-(padded - span) // stride) * stride
            if last >= (size or 0) + begins[axis]:
                last -= stride
            more[axis] = last + span - padded
    is_uneven = begins != ends and site.node.op_type == "MaxPool"
    if not is_uneven and not rounds_up:
        return None
    reached = [end + extra for end, extra in zip(ends, more, strict=True)]
    whole = site.constant([0, 0, *begins, 0, 0, *reached], np.int64)
    counted = site.constant([0, 0, *begins, 0, 0, *ends], np.int64)
    return _padded_before(site, whole, "padding", counted)


def _windows(site: Site) -> _Windows:
    given = site.attribute("kernel_shape")
    kernel: list[int] = given or (site.known.static_shape(site.input(1)) or [])[2:]
    if not kernel:
        raise site.fault("the size of its windows is not known")
    rank = len(kernel)
    dilations = site.attribute("dilations", [1] * rank)
    spans = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    return _Windows(rank, site.attribute("strides", [1] * rank), spans)


def _same_total(size: int | None, stride: int, span: int) -> int | None:
    """Padding of both sides for as many windows as strides fit; None where it depends on an open size."""
    if stride == 1:
        return span - 1
    return None if size is None else max((-(-size // stride) - 1) * stride + span - size, 0)


def _with_pads(site: Site, pads: list[int], output_padding: list[int] | None = None) -> list[str]:
    node = site.node
    given = {each.name: site.attribute(each.name) for each in node.attribute}
    for name in ("auto_pad", "output_shape"):
        given.pop(name, None)
    given["pads"] = pads
    if output_padding is not None:
        given["output_padding"] = output_padding
    return site.ops(node.op_type, *node.input, count=len(node.output), **given)


def _padded_before(site: Site, pads: str, what: str, counted: str = "") -> list[str]:
    """Pad in a node of its own.

    Args:
        pads: name of the padding, of all dimensions.
        what: asks for it, for messages.
        counted: name of the part of it that `count_include_pad` counts; without, all of it.
    """
    kind, x = site.node.op_type, site.input(0)
    if kind not in ("Conv", "MaxPool", "AveragePool", "LpPool") or len(site.node.output) > 1:
        raise site.fault(f"{what} is not supported here", "export it with explicit, equal padding")
    dtype = site.numpy_dtype(x)
    if kind == "MaxPool":
        lowest = -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
        return [_on(site, site.op("Pad", x, pads, site.constant(lowest, dtype)))]
    zero = site.constant(0, dtype)
    padded = site.op("Pad", x, pads, zero)
    if kind != "AveragePool":
        return [_on(site, padded)]
    one = site.constant(1, dtype)
    ones = site.op("Expand", one, site.op("Shape", x))
    if site.attribute("count_include_pad", 0):
        if not counted:
            return [_on(site, padded)]
        ones = site.op("Pad", ones, counted, one)
        ends = site.op("Sub", pads, counted)
        ones = site.op("Pad", ones, ends, zero)
    else:
        ones = site.op("Pad", ones, pads, zero)
    return [site.op("Div", _on(site, padded), _on(site, ones))]


def _on(site: Site, x: str) -> str:
    """The node on an operand that is padded already."""
    node = site.node
    dropped = ("auto_pad", "pads", "ceil_mode")
    kept = {
        attribute.name: site.attribute(attribute.name)
        for attribute in node.attribute
        if attribute.name not in dropped
    }
    return site.op(node.op_type, x, *node.input[1:], **kept)


def _runtime_pads(site: Site, mode: str, windows: _Windows) -> str:
    sizes = site.op("Shape", site.input(0), start=2)
    strides, one = site.constant(windows.strides, np.int64), site.constant([1], np.int64)
    most = site.op("Div", site.op("Sub", site.op("Add", sizes, strides), one), strides)
    reached = site.op("Mul", site.op("Sub", most, one), strides)
    wanted = site.op("Sub", site.op("Add", reached, site.constant(windows.spans, np.int64)), sizes)
    total = site.op("Max", wanted, site.constant([0], np.int64))
    smaller = site.op("Div", total, site.constant([2], np.int64))
    larger = site.op("Sub", total, smaller)
    none = site.constant([0, 0], np.int64)
    first, second = (smaller, larger) if mode == "SAME_UPPER" else (larger, smaller)
    return site.op("Concat", none, first, none, second, axis=0)


def _transposed(site: Site, mode: str) -> list[str] | None:
    """A transposed convolution without padding, cropped as its padding says."""
    windows = _windows(site)
    rank = windows.rank
    more = list(site.attribute("output_padding", [0] * rank))
    pads = list(site.attribute("pads", [0] * 2 * rank))
    output_shape = site.attribute("output_shape")
    if mode in ("SAME_UPPER", "SAME_LOWER") or output_shape is not None:
        totals = _totals_of_result(site, windows, more, output_shape)
        more = [extra + max(-total, 0) for extra, total in zip(more, totals, strict=True)]
        totals = [max(total, 0) for total in totals]
        smaller, larger = [total // 2 for total in totals], [total - total // 2 for total in totals]
        pads = smaller + larger if mode == "SAME_UPPER" else larger + smaller
    elif mode == "VALID":
        pads = [0] * 2 * rank
    if pads[:rank] == pads[rank:] and mode == "NOTSET" and output_shape is None:
        return None
    if pads[:rank] == pads[rank:]:
        return _with_pads(site, pads, output_padding=more)
    (whole,) = _with_pads(site, [0] * 2 * rank, output_padding=more)
    ends = [-pad if pad else _LAST for pad in pads[rank:]]
    bounds = [site.constant(each, np.int64) for each in (pads[:rank], ends, list(range(2, rank + 2)))]
    return [site.op("Slice", whole, *bounds)]


def _totals_of_result(
    site: Site, windows: _Windows, more: list[int], output_shape: list[int] | None
) -> list[int]:
    """What is cropped of each dimension for a result of a given size, or of `stride` times the operand's."""
    if output_shape is None:
        return [
            extra + span - stride
            for extra, span, stride in zip(more, windows.spans, windows.strides, strict=True)
        ]
    totals: list[int] = []
    for size, stride, extra, span, wanted in zip(
        _sizes(site, windows),
        windows.strides,
        more,
        windows.spans,
        output_shape[-windows.rank :],
        strict=True,
    ):
        if size is None:
            raise site.fault(
                "output_shape asks for padding that depends on sizes that are open",
                "give the shapes of the inputs",
            )
        totals.append(stride * (size - 1) + extra + span - wanted)
    return totals
