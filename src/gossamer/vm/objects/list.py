"""`!vm.list`: a growable list of values of one type, of refs of one type, or of anything.

Loads and stores convert between integer widths and between float widths, as IREE's runtime does; a load
of an integer as a float or the other way round gives zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gossamer.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
    ResourceExhaustedError,
)
from gossamer.limits.memory import Account, open_account
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import wrap_i8, wrap_i16, wrap_i32, wrap_i64
from gossamer.vm.objects.ref_types import (
    OPAQUE,
    RefType,
    copy_ref,
    is_value_type,
    ref_type,
    ref_type_name,
    register_ref_type,
)

MAX_LIST_ELEMENTS = 1 << 26
"""Why: bytecode may ask for 2^32 elements; a limit turns that into an error instead of lost memory."""

_ELEMENT_BYTES = 8

EMPTY = "empty"
"""Kind of an element of a variant list that nothing was stored to."""
REF = "ref"
"""Kind of an element of a variant list that holds a ref."""


def convert_value(value: int | float, target: str) -> int | float:
    """Value as another value type: integers wrap or widen, floats round, anything else is zero."""
    if target in ("f32", "f64"):
        if not isinstance(value, float):
            return 0.0
        return round_f32(value) if target == "f32" else value
    if isinstance(value, float):
        return 0
    return _INTEGER_CONVERSIONS[target](value)


_INTEGER_CONVERSIONS = {"i8": wrap_i8, "i16": wrap_i16, "i32": wrap_i32, "i64": wrap_i64}


class List:
    """A list that bytecode and hosts share.

    Attributes:
        element_type: a value type (`i32`), a ref type (`!vm.buffer`), or `!vm.opaque` for a variant list.
    """

    __slots__ = ("__weakref__", "_account", "_kinds", "_ref_type", "_values", "_zero", "element_type")

    def __init__(self, element_type: str = "!vm.opaque", elements: Iterable[object] = ()) -> None:
        self.element_type = element_type
        self._ref_type: RefType | None = None
        self._zero: object = None
        self._kinds: list[str] | None = None
        if is_value_type(element_type):
            self._zero = 0.0 if element_type.startswith("f") else 0
        else:
            self._ref_type = ref_type(element_type)
            if self._ref_type is OPAQUE:
                self._kinds = []
        self._values: list[object] = []
        self._account: Account | None = None
        for element in elements:
            self.append(element)

    def reserve(self, capacity: int) -> None:
        """Promise room for elements; only the limit is checked.

        Raises: ResourceExhaustedError past `MAX_LIST_ELEMENTS`.
        """
        if capacity > MAX_LIST_ELEMENTS:
            raise ResourceExhaustedError(
                f"a list of {capacity} elements passes the limit {MAX_LIST_ELEMENTS}"
            )

    def resize(self, size: int) -> None:
        """Truncate, or grow with zeros and nulls.

        Raises: ResourceExhaustedError past `MAX_LIST_ELEMENTS`, or a limit of the present calls.
        """
        self.reserve(size)
        growth = size - len(self._values)
        if growth <= 0:
            del self._values[size:]
        else:
            self._account_for(growth * _ELEMENT_BYTES)
            self._values.extend([self._zero] * growth)
        if self._kinds is not None:
            if growth <= 0:
                del self._kinds[size:]
            else:
                self._kinds.extend([EMPTY] * growth)

    def _account_for(self, byte_length: int) -> None:
        if self._account is None:
            self._account = open_account(byte_length)
        else:
            self._account.grow(byte_length)

    def get_value(self, index: int, target: str) -> int | float:
        """Element as a value type.

        Raises: OutOfRangeError; FailedPreconditionError where the element is not a value.
        """
        self._check_index(index)
        value = self._values[index]
        if not isinstance(value, (int, float)):
            raise FailedPreconditionError(
                f"list of {self.element_type} has no value at index {index}: found {ref_type_name(value)}"
            )
        return convert_value(value, target)

    def set_value(self, index: int, value: int | float, source: str) -> None:
        """Store a value of type `source`, converted to the element type.

        Raises: OutOfRangeError; FailedPreconditionError where the list holds refs.
        """
        self._check_index(index)
        if self._kinds is not None:
            self._kinds[index] = source
            self._values[index] = value
        elif self._ref_type is None:
            self._values[index] = convert_value(value, self.element_type)
        else:
            raise FailedPreconditionError(
                f"list of {self.element_type} cannot store a value of type {source}"
            )

    def get_ref(self, index: int, *, take: bool = False) -> object:
        """Element that is a ref or null; `take` leaves null in its place.

        Raises: OutOfRangeError; FailedPreconditionError where the element is a value.
        """
        self._check_index(index)
        if self._ref_type is None or (self._kinds is not None and self._kinds[index] not in (EMPTY, REF)):
            raise FailedPreconditionError(f"list of {self.element_type} has no ref at index {index}")
        value = self._values[index]
        if take:
            self._values[index] = None
            if self._kinds is not None:
                self._kinds[index] = EMPTY
        return value

    def set_ref(self, index: int, value: object) -> None:
        """Store a ref or null.

        Raises: OutOfRangeError; InvalidArgumentError for another type than the list's;
            FailedPreconditionError where the list holds values.
        """
        self._check_index(index)
        if self._ref_type is None:
            raise FailedPreconditionError(f"list of {self.element_type} cannot store a ref")
        self._values[index] = self._ref_type.check(value)
        if self._kinds is not None:
            self._kinds[index] = REF

    def kind(self, index: int) -> str:
        """Type of one element: a value type, `ref`, or `empty` in a variant list."""
        self._check_index(index)
        if self._kinds is not None:
            return self._kinds[index]
        return self.element_type if self._ref_type is None else REF

    def append(self, value: object, kind: str = "") -> None:
        """Add an element; ints go in as i64 and floats as f32 where a variant list is not told `kind`."""
        index = len(self._values)
        self.resize(index + 1)
        self._store(index, value, kind)

    def fork_copy(self, memo: dict[int, object]) -> List:
        """Copy for another state, refs inside included."""
        copy = List(self.element_type)
        memo[id(self)] = copy
        copy._values = [copy_ref(value, memo) for value in self._values]
        copy._kinds = None if self._kinds is None else list(self._kinds)
        return copy

    def _store(self, index: int, value: object, kind: str) -> None:
        if isinstance(value, (int, float)):
            default = "f32" if isinstance(value, float) else "i64"
            if self._kinds is None and self._ref_type is None and self._is_mismatch(value):
                raise InvalidArgumentError(f"list of {self.element_type} cannot store {value!r}")
            self.set_value(index, value, kind or default)
        else:
            self.set_ref(index, value)

    def _is_mismatch(self, value: int | float) -> bool:
        return isinstance(value, float) != self.element_type.startswith("f")

    def _check_index(self, index: int) -> None:
        if not 0 <= index < len(self._values):
            raise OutOfRangeError(f"index {index} is out of range of a list of {len(self._values)} elements")

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[object]:
        return iter(tuple(self._values))

    def __getitem__(self, index: int) -> object:
        self._check_index(index)
        return self._values[index]

    def __setitem__(self, index: int, value: object) -> None:
        self._check_index(index)
        self._store(index, value, "")

    def __repr__(self) -> str:
        return f"List({self.element_type!r}, {self._values!r})"


register_ref_type("!vm.list", List)
