"""Errors as IREE's binding words them: what was being done, a colon, the status.

The class is the builtin that the binding chooses by status code, and `StatusError` as well.
"""

from __future__ import annotations

from gossamer.errors import StatusError


class BindingError(StatusError):
    """A status with the text of what was being done in front."""

    def __str__(self) -> str:
        return self.message


class BindingValueError(BindingError, ValueError):
    """INVALID_ARGUMENT or NOT_FOUND."""


class BindingIndexError(BindingError, IndexError):
    """OUT_OF_RANGE."""


class BindingNotImplementedError(BindingError, NotImplementedError):
    """UNIMPLEMENTED."""


class BindingRuntimeError(BindingError, RuntimeError):
    """Any other code."""


_CLASSES = (
    (ValueError, BindingValueError),
    (IndexError, BindingIndexError),
    (NotImplementedError, BindingNotImplementedError),
)


def describe(what: str, error: StatusError) -> BindingError:
    """The error to raise for a status: `what: CODE; message`."""
    for builtin, described in _CLASSES:
        if isinstance(error, builtin):
            return described(f"{what}: {error}", code=error.code)
    return BindingRuntimeError(f"{what}: {error}", code=error.code)
