"""Handles: the numbers by which C names objects of Python.

An object that C holds has an entry here, which keeps it alive. Numbers are never used again, so one that was
released is known to be wrong. A null ref is 0 there and None here.
"""

from __future__ import annotations

import ctypes
import threading
from itertools import count

from gossamer.errors import InternalStatusError, InvalidArgumentError, StatusError, UnknownError

_FIRST = 0x1000
"""Why: neither null nor a small number that a module might return by mistake."""

_numbers = count(_FIRST)
_objects: dict[int, object] = {}
_retained: dict[int, int] = {}
"""How often an entry was retained beyond the first holder."""
_lock = threading.Lock()


def hold(value: object) -> int:
    """Handle of an object, held once; 0 for None."""
    if value is None:
        return 0
    handle = next(_numbers)
    _objects[handle] = value
    return handle


def get(handle: int | None) -> object:
    """Object of a handle; None for 0.

    Raises: InvalidArgumentError where nobody holds it.
    """
    if not handle:
        return None
    try:
        return _objects[handle]
    except KeyError:
        raise InvalidArgumentError(
            f"{handle:#x} is no ref that this module holds; was it released?"
        ) from None


def retain(handle: int) -> None:
    """Hold a handle once more.

    Raises: InvalidArgumentError where nobody holds it.
    """
    get(handle)
    with _lock:
        _retained[handle] = _retained.get(handle, 0) + 1


def release(handle: int) -> None:
    """Hold a handle once less.

    Raises: InvalidArgumentError where nobody holds it.
    """
    if handle in _retained:
        with _lock:
            others = _retained.get(handle, 0)
            if others > 1:
                _retained[handle] = others - 1
                return
            if others == 1:
                del _retained[handle]
                return
    # Why without a lock: whoever releases is the only holder left.
    if _objects.pop(handle, None) is None:
        raise InvalidArgumentError(f"ref {handle:#x} is released, but nobody holds it")


def take(handle: int) -> object:
    """Object of a handle that C gave away; None for 0.

    Raises: InvalidArgumentError where nobody holds it.
    """
    value = get(handle)
    if handle:
        release(handle)
    return value


def end_loan(handle: int) -> None:
    """Release what was lent for a call; 0, and what C released by mistake, is passed over."""
    if handle in _objects:
        release(handle)


def live_count() -> int:
    """Number of objects and failures that C holds now."""
    return len(_objects)


class Failure:
    """A failure that C holds.

    Attributes:
        error: what to raise; an exception of Python's own where a Python module raised one.
    """

    __slots__ = ("_text", "error")

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self._text: ctypes.Array[ctypes.c_char] | None = None

    @property
    def status_error(self) -> StatusError:
        """The error as one with a status code."""
        if isinstance(self.error, StatusError):
            return self.error
        error = UnknownError(f"{type(self.error).__name__}: {self.error}")
        error.__cause__ = self.error
        return error

    @property
    def text_address(self) -> int:
        """Address of the message; valid as long as this object."""
        if self._text is None:
            text = self.status_error.message.replace("\0", "\\0")
            self._text = ctypes.create_string_buffer(text.encode(errors="replace"))
        return ctypes.addressof(self._text)


def hold_failure(error: BaseException) -> int:
    """Handle of a failure, as C returns and receives them."""
    return hold(Failure(error))


def take_failure(handle: int, where: str) -> BaseException:
    """Error of a failure that C gave away.

    Args:
        where: named in the error that says it is no failure.
    """
    failure = _objects.get(handle)
    if not isinstance(failure, Failure):
        return InternalStatusError(
            f"{where} returned {handle:#x}, which is no status; return GOSSAMER_OK or what the host's "
            "`status_make` gives"
        )
    release(handle)
    return failure.error
