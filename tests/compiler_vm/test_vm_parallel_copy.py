"""Copies made one after the other have the effect of all at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.compiler.vm.emit.parallel_copy import Copy, sequentialize

_CELLS = 12
_FIRST_TEMPORARY = 100


@st.composite
def _copies(draw: st.DrawFn) -> list[Copy]:
    """Copies of one and two cells with targets that do not overlap; pairs are at even cells."""
    copies: list[Copy] = []
    free = list(range(_CELLS))
    for target in range(_CELLS):
        width = draw(st.sampled_from((0, 1, 2))) if target in free else 0
        if width == 1:
            copies.append(Copy(draw(st.integers(0, _CELLS - 1)), target, 1))
        elif width == 2 and target % 2 == 0 and target + 1 in free:
            copies.append(Copy(2 * draw(st.integers(0, _CELLS // 2 - 1)), target, 2))
            free.remove(target + 1)
    return draw(st.permutations(copies))


def _temporaries() -> tuple[list[int], object]:
    taken: list[int] = []

    def take(width: int) -> int:
        following = taken[-1] + 2 if taken else _FIRST_TEMPORARY
        taken.append(following)
        return following

    return taken, take


@settings(deadline=None, max_examples=300)
@given(_copies())
def test_sequential_copies_do_what_parallel_ones_mean(copies: list[Copy]) -> None:
    cells = {cell: f"old {cell}" for cell in range(_CELLS)}
    expected = dict(cells)
    for copy in copies:
        for source, target in zip(copy.source_cells, copy.target_cells, strict=True):
            expected[target] = cells[source]
    _, take = _temporaries()

    for copy in sequentialize(copies, take):
        values = [cells[source] for source in copy.source_cells]
        cells.update(zip(copy.target_cells, values, strict=True))

    assert {cell: cells[cell] for cell in range(_CELLS)} == expected


def test_a_chain_needs_no_temporary() -> None:
    taken, take = _temporaries()

    ordered = sequentialize([Copy(0, 1), Copy(1, 2), Copy(2, 3)], take)

    assert [(copy.source, copy.target) for copy in ordered] == [(2, 3), (1, 2), (0, 1)]
    assert taken == []


def test_a_swap_takes_one_temporary() -> None:
    taken, take = _temporaries()

    ordered = sequentialize([Copy(0, 2, 2), Copy(2, 0, 2)], take)

    assert [(copy.source, copy.target) for copy in ordered] == [(0, 100), (2, 0), (100, 2)]
    assert taken == [100]


def test_copies_onto_themselves_vanish() -> None:
    assert sequentialize([Copy(3, 3), Copy(4, 4, 2)], lambda width: 0) == []
