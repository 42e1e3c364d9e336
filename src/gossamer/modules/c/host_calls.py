"""Functions of the host about control: statuses, fences, and calls of imports."""

from __future__ import annotations

import ctypes

from gossamer.errors import InvalidArgumentError, StatusCode, status_error
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.c import handles
from gossamer.modules.c.abi import write_bytes, write_slot
from gossamer.modules.c.host_function import NUMBER, POINTER, SIZE, TIMEOUT, fallible, infallible
from gossamer.modules.c.host_refs import ref_of
from gossamer.modules.c.import_contexts import find_import


@infallible(NUMBER, POINTER, SIZE)
def import_is_bound(context: int | None, ordinal: int) -> int:
    """Whether an import can be called."""
    return int(find_import(context, ordinal).is_bound)


@fallible(POINTER, SIZE, POINTER, POINTER)
def call(context: int | None, ordinal: int, arguments: int | None, results: int | None) -> None:
    """Call an import."""
    find_import(context, ordinal).call(arguments or 0, results or 0)


@infallible(POINTER, NUMBER, ctypes.c_char_p)
def status_make(code: int, message: bytes | None) -> int:
    """Make a failure."""
    text = (message or b"").decode(errors="replace")
    if not 0 < code <= StatusCode.INCOMPATIBLE:
        return handles.hold_failure(status_error(StatusCode.UNKNOWN, f"{text} (status code {code})"))
    return handles.hold_failure(status_error(code, text))


def _failure(handle: int | None) -> handles.Failure:
    found = handles.get(handle)
    if not isinstance(found, handles.Failure):
        raise InvalidArgumentError(f"{handle or 0:#x} is no failure that this module holds")
    return found


@infallible(NUMBER, POINTER)
def status_code(handle: int | None) -> int:
    """Code of a status; 0 for GOSSAMER_OK."""
    return int(_failure(handle).status_error.code) if handle else int(StatusCode.OK)


@infallible(POINTER, POINTER)
def status_message(handle: int | None) -> int | None:
    """Address of a failure's text."""
    return _failure(handle).text_address if handle else _EMPTY_TEXT_ADDRESS


_EMPTY_TEXT = ctypes.create_string_buffer(b"")
_EMPTY_TEXT_ADDRESS = ctypes.addressof(_EMPTY_TEXT)


@infallible(None, POINTER)
def status_release(handle: int | None) -> None:
    """Forget a failure."""
    if handle:
        _failure(handle)
        handles.release(handle)


def _fence(handle: int | None) -> Fence | None:
    return ref_of(handle, Fence) if handle else None


@fallible(POINTER)
def fence_create(out: int) -> None:
    """Make a fence."""
    write_slot(out, handles.hold(Fence.create()))


@fallible(POINTER, TIMEOUT)
def fence_wait(handle: int | None, timeout_ns: int) -> None:
    """Block until a fence is reached."""
    fence = _fence(handle)
    if fence is not None:
        fence.wait(None if timeout_ns < 0 else timeout_ns / 1e9)


@fallible(POINTER, POINTER)
def fence_query(handle: int | None, out: int) -> None:
    """Where a fence stands."""
    fence = _fence(handle)
    code = StatusCode.OK if fence is None else fence.query()
    write_bytes(out, int(code).to_bytes(4, "little"))


@fallible(POINTER)
def fence_signal(handle: int | None) -> None:
    """Reach a fence."""
    fence = _fence(handle)
    if fence is not None:
        fence.signal()


@fallible(POINTER, POINTER)
def fence_fail(handle: int | None, failure_handle: int | None) -> None:
    """Fail a fence."""
    error = _failure(failure_handle).status_error
    handles.release(failure_handle or 0)
    fence = _fence(handle)
    if fence is not None:
        fence.fail(error)
