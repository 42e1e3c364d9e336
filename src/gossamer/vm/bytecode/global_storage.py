"""Where the globals of one bytecode module are kept in one context.

Value globals lie in one range of bytes and are addressed by byte offset; refs are addressed by ordinal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gossamer.errors import InvalidArgumentError
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.ref_types import copy_ref


@dataclass(frozen=True, slots=True)
class GlobalsSnapshot:
    """Contents of a `GlobalStorage` at one time."""

    values: bytes
    refs: tuple[object, ...]


class GlobalStorage:
    """The globals of a module's state, zero and null at first.

    Attributes:
        values: value globals, 64-byte aligned; the same object for the state's whole life.
        refs: ref globals, by ordinal; the same object for the state's whole life.
    """

    __slots__ = ("refs", "values")

    def __init__(self, value_bytes: int, ref_count: int) -> None:
        self.values = Buffer.allocate(value_bytes)
        self.refs: list[object] = [None] * ref_count

    def snapshot(self, constant_refs: Iterable[int] = ()) -> GlobalsSnapshot:
        """Copy the present contents, buffers that can change included.

        Args:
            constant_refs: ordinals of refs that are shared, whatever they refer to: the program never changes
            it.
        """
        memo: dict[int, object] = {id(self.refs[place]): self.refs[place] for place in constant_refs}
        return GlobalsSnapshot(bytes(self.values.data), tuple(copy_ref(value, memo) for value in self.refs))

    def restore(self, snapshot: GlobalsSnapshot, constant_refs: Iterable[int] = ()) -> None:
        """Put back what a snapshot of this storage, or of one like it, holds; it can be used again.

        Args:
            snapshot: stays as it is.
            constant_refs: as for `snapshot`.
        Raises: InvalidArgumentError for one that does not fit.
        """
        sizes = (self.values.length, len(self.refs))
        found = (len(snapshot.values), len(snapshot.refs))
        if found != sizes:
            raise InvalidArgumentError(
                f"snapshot has {found[0]} bytes of globals and {found[1]} refs, this state has "
                f"{sizes[0]} bytes and {sizes[1]} refs: it is of another version of the module"
            )
        memo: dict[int, object] = {id(snapshot.refs[place]): snapshot.refs[place] for place in constant_refs}
        self.values.data[:] = snapshot.values
        self.refs[:] = [copy_ref(value, memo) for value in snapshot.refs]
