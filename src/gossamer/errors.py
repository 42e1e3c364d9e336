"""Every error Gossamer raises, from one tree.

    GossamerError
    ├── StatusError                     a status code and a message, as IREE reports them
    │   ├── InvalidArgumentError        (also ValueError)
    │   │   └── FormatError             bad bytes: table, index and byte offset
    │   ├── NotFoundError               (also ValueError)
    │   │   └── UnknownKeyError         (also KeyError)
    │   ├── OutOfRangeError             (also IndexError)
    │   ├── UnimplementedError          (also NotImplementedError)
    │   ├── DeadlineExceededError       (also TimeoutError)
    │   └── one class for each remaining code (also RuntimeError)
    │       └── RaisedError             of UnknownError: an exception of Python code, carried by a timeline
    ├── CompileError                    a user's program is wrong: diagnostics with locations
    ├── CompilerMissingError            (also ImportError) only what runs programs is installed
    └── InternalError                   a fault of ours

Status codes and their numbers are those of IREE's runtime (`iree/base/status.h`).
The builtin bases let code written for IREE's Python binding keep its `except` clauses.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gossamer.diagnostics import Diagnostic


class StatusCode(IntEnum):
    """IREE's status codes; the low five bits of a status word."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16
    DEFERRED = 17
    INCOMPATIBLE = 18


STATUS_CODE_MASK = 0x1F


class GossamerError(Exception):
    """Base of every error raised on purpose by this package."""


class StatusError(GossamerError):
    """A failed status.

    Attributes:
        code: which kind of failure.
        message: what went wrong, conclusion first.
        annotations: context added on the way up ("while resolving module 'x' imports"), innermost first.
        backtrace: VM frames left on the way up ("bytecode module.function:12"), innermost first.
        original: the exception of Python code that a `RaisedError` carries, else None.
    """

    code: StatusCode = StatusCode.UNKNOWN
    original: BaseException | None = None

    def __init__(self, message: str, *, code: StatusCode | None = None) -> None:
        if code is not None:
            self.code = code
        self.message = message
        self.annotations: list[str] = []
        self.backtrace: list[str] = []
        super().__init__(message)

    def annotate(self, annotation: str) -> StatusError:
        """Add a line of context and return self, so a caller can `raise error.annotate(...)`."""
        self.annotations.append(annotation)
        return self

    def add_frame(self, frame: str) -> StatusError:
        """Add a VM frame to the backtrace: kind, a space, `module.function:pc`."""
        self.backtrace.append(frame)
        return self

    def __str__(self) -> str:
        return "; ".join([f"{self.code.name}; {self.message}", *self.annotations, *self._backtrace_lines()])

    def _backtrace_lines(self) -> list[str]:
        if not self.backtrace:
            return []
        depths = range(len(self.backtrace) - 1, -1, -1)
        lines: list[str] = []
        for depth, frame in zip(depths, self.backtrace, strict=True):
            kind, _, place = frame.partition(" ")
            lines.append(f"\n[{depth:2}] {kind:>8} {place} -")
        return ["".join(lines)]


class CancelledError(StatusError, RuntimeError):
    """The operation was cancelled by its caller."""

    code = StatusCode.CANCELLED


class UnknownError(StatusError, RuntimeError):
    """A failure that carries no better code."""

    code = StatusCode.UNKNOWN


class RaisedError(UnknownError):
    """An exception that is no status, carried by a timeline to whoever waits for it."""

    def __init__(self, original: BaseException, where: str = "") -> None:
        place = f" ({where})" if where else ""
        super().__init__(f"{type(original).__name__}: {original}{place}")
        self.original = original
        self.__cause__ = original


class InvalidArgumentError(StatusError, ValueError):
    """An argument is wrong whatever the state of the system."""

    code = StatusCode.INVALID_ARGUMENT


class DeadlineExceededError(StatusError, TimeoutError):
    """A wait reached its deadline before what it waited for."""

    code = StatusCode.DEADLINE_EXCEEDED


class NotFoundError(StatusError, ValueError):
    """A named thing does not exist."""

    code = StatusCode.NOT_FOUND


class AlreadyExistsError(StatusError, RuntimeError):
    """A named thing exists and may exist once only."""

    code = StatusCode.ALREADY_EXISTS


class PermissionDeniedError(StatusError, RuntimeError):
    """The operation is not allowed on this object, for example a store to read-only memory."""

    code = StatusCode.PERMISSION_DENIED


class ResourceExhaustedError(StatusError, RuntimeError):
    """A limit on memory, stack or steps was reached."""

    code = StatusCode.RESOURCE_EXHAUSTED


class FailedPreconditionError(StatusError, RuntimeError):
    """The system is not in the state the operation needs."""

    code = StatusCode.FAILED_PRECONDITION


class AbortedError(StatusError, RuntimeError):
    """The operation gave up because of another one."""

    code = StatusCode.ABORTED


class UnknownKeyError(NotFoundError, KeyError):
    """A mapping has nothing of a name; also a KeyError, so that `in` and `get` work."""


class OutOfRangeError(StatusError, IndexError):
    """An index, offset or length passes the end of what it indexes."""

    code = StatusCode.OUT_OF_RANGE


class UnimplementedError(StatusError, NotImplementedError):
    """The operation is defined but not available here."""

    code = StatusCode.UNIMPLEMENTED


class InternalStatusError(StatusError, RuntimeError):
    """An invariant was broken inside a module or device."""

    code = StatusCode.INTERNAL


class UnavailableError(StatusError, RuntimeError):
    """A device or service is not there now."""

    code = StatusCode.UNAVAILABLE


class DataLossError(StatusError, RuntimeError):
    """Data is lost or corrupt."""

    code = StatusCode.DATA_LOSS


class UnauthenticatedError(StatusError, RuntimeError):
    """The caller's identity is not established."""

    code = StatusCode.UNAUTHENTICATED


class DeferredError(StatusError, RuntimeError):
    """The operation will finish later."""

    code = StatusCode.DEFERRED


class IncompatibleError(StatusError, RuntimeError):
    """Two parts do not fit each other, for example a module and this machine's devices."""

    code = StatusCode.INCOMPATIBLE


_ERROR_CLASSES: dict[StatusCode, Callable[[str], StatusError]] = {
    cls.code: cls
    for cls in (
        CancelledError,
        UnknownError,
        InvalidArgumentError,
        DeadlineExceededError,
        NotFoundError,
        AlreadyExistsError,
        PermissionDeniedError,
        ResourceExhaustedError,
        FailedPreconditionError,
        AbortedError,
        OutOfRangeError,
        UnimplementedError,
        InternalStatusError,
        UnavailableError,
        DataLossError,
        UnauthenticatedError,
        DeferredError,
        IncompatibleError,
    )
}


def status_error(code: int, message: str) -> StatusError:
    """Make the error class that belongs to a status code.

    Args:
        code: a status word; bits above the code are ignored. Codes past the last become UNKNOWN.
        message: what went wrong.
    Raises: ValueError when the code is OK, which is not an error.
    """
    number = code & STATUS_CODE_MASK
    if number == StatusCode.OK:
        raise ValueError("status code 0 is OK, not an error")
    status = StatusCode(number) if number <= StatusCode.INCOMPATIBLE else StatusCode.UNKNOWN
    return _ERROR_CLASSES[status](message)


class FormatError(InvalidArgumentError):
    """Bytes that are not what the format says.

    Attributes:
        offset: byte offset in the file, or in `table`'s own data where that is all that is known.
        table: which table or section, for example "FunctionDescriptor".
        index: which entry of it, or None.
    """

    def __init__(
        self, message: str, *, offset: int | None = None, table: str = "", index: int | None = None
    ) -> None:
        self.offset = offset
        self.table = table
        self.index = index
        where = table if index is None else f"{table}[{index}]"
        if offset is not None:
            where = f"{where} at byte {offset}" if where else f"at byte {offset}"
        super().__init__(f"{where}: {message}" if where else message)


class VersionMismatchError(FormatError):
    """A format version this build cannot read.

    Attributes:
        found: version of the bytes, "major.minor".
        supported: version of this build.
    """

    def __init__(
        self, message: str, *, found: str, supported: str, offset: int | None = None, table: str = ""
    ) -> None:
        self.found = found
        self.supported = supported
        super().__init__(message, offset=offset, table=table)


class CompileError(GossamerError):
    """A user's program cannot be compiled.

    Attributes:
        diagnostics: what is wrong and where, in source order.
    """

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))


class CompilerMissingError(GossamerError, ImportError):
    """Something is to be compiled where only what runs programs is installed."""

    def __init__(self, missing: ImportError) -> None:
        super().__init__(
            f"compiling needs MLIR, which is not installed (no module '{missing.name}'): "
            "pip install 'gossamer[compiler]' brings it"
        )


class InternalError(GossamerError):
    """A fault of Gossamer itself: please report it."""
