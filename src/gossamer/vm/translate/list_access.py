"""Refs out of lists."""

from __future__ import annotations

from gossamer.vm.numbers.wrapping import MASK_32
from gossamer.vm.objects.ref_types import RefType
from gossamer.vm.semantics.collection import as_list


def get_ref(ref: object, index: int, type_: RefType, is_take: bool) -> object:
    """Ref at an index of a list; null where it is of another type."""
    value = as_list(ref).get_ref(index & MASK_32, take=is_take)
    return value if type_.accepts(value) else None
