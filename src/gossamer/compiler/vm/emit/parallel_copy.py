"""Ordering copies that mean "all at once" into copies made one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Copy:
    """A copy between registers of one bank: `source` and `target` are the first of `width` cells, 1 or 2."""

    source: int
    target: int
    width: int = 1

    @property
    def source_cells(self) -> range:
        """Cells that are read."""
        return range(self.source, self.source + self.width)

    @property
    def target_cells(self) -> range:
        """Cells that are written."""
        return range(self.target, self.target + self.width)


def sequentialize(copies: Sequence[Copy], new_temporary: Callable[[int], int]) -> list[Copy]:
    """Order copies so that none overwrites what a later one reads; copies onto themselves vanish.

    Args:
        copies: at most one to each target cell.
        new_temporary: called with a width where copies form a cycle; returns cells nothing else uses.
    Returns: the copies, those of a cycle by way of a temporary.
    """
    return _Sequencer([copy for copy in copies if copy.source != copy.target]).run(new_temporary)


class _Sequencer:
    """Emits each copy once nothing pending reads what it overwrites."""

    def __init__(self, copies: list[Copy]) -> None:
        self._pending = dict.fromkeys(copies)
        self._ordered: list[Copy] = []
        self._writers = {cell: copy for copy in copies for cell in copy.target_cells}
        self._readers: dict[int, int] = {}
        for copy in copies:
            for cell in copy.source_cells:
                self._readers[cell] = self._readers.get(cell, 0) + 1

    def run(self, new_temporary: Callable[[int], int]) -> list[Copy]:
        self._drain(list(self._pending)[::-1])
        while self._pending:
            # Only cycles are left. A temporary takes the place of one source, which frees its writer.
            copy = next(iter(self._pending))
            del self._pending[copy]
            temporary = new_temporary(copy.width)
            self._ordered.append(Copy(copy.source, temporary, copy.width))
            resumed = Copy(temporary, copy.target, copy.width)
            self._pending[resumed] = None
            self._writers.update(dict.fromkeys(resumed.target_cells, resumed))
            self._drain(self._release(copy))
        return self._ordered

    def _drain(self, ready: list[Copy]) -> None:
        while ready:
            copy = ready.pop()
            if copy not in self._pending or any(self._readers.get(cell) for cell in copy.target_cells):
                continue
            del self._pending[copy]
            self._ordered.append(copy)
            ready.extend(self._release(copy))

    def _release(self, copy: Copy) -> list[Copy]:
        """Forget that a copy reads its source; returns the copies that may be ready for it."""
        freed: list[Copy] = []
        for cell in copy.source_cells:
            readers = self._readers.get(cell, 0)
            self._readers[cell] = readers - 1
            if readers == 1 and cell in self._writers:
                freed.append(self._writers[cell])
        return freed
