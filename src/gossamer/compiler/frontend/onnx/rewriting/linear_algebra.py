"""Operators on whole matrices."""

from __future__ import annotations

from gossamer.compiler.frontend.onnx.rewriting.site import Site

_MOST_ROWS = 4


def rewrite_det(site: Site) -> list[str] | None:
    """`Det` of small matrices, by their minors: no element has to be divided by."""
    x = site.input(0)
    shape = site.shape(x)
    size = shape[-1] if shape else None
    if size is None or not 1 <= size <= _MOST_ROWS:
        return None
    rank = len(shape or [])
    elements = [
        [
            site.squeezed(
                site.sliced(site.sliced(x, rank - 2, row, row + 1), rank - 1, column, column + 1),
                rank - 2,
                rank - 1,
            )
            for column in range(size)
        ]
        for row in range(size)
    ]
    return [_determinant(site, elements)]


def _determinant(site: Site, rows: list[list[str]]) -> str:
    first, *rest = rows
    if not rest:
        return first[0]
    total = ""
    for column, element in enumerate(first):
        minor = _determinant(site, [row[:column] + row[column + 1 :] for row in rest])
        term = site.op("Mul", element, minor)
        total = site.op("Sub" if column % 2 else "Add", total, term) if total else term
    return total
