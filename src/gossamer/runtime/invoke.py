"""Calls of a function with values that carry their kind: what tools do with parsed text.

In: a linked function and variants. Out: variants. Fences of asynchronous functions are made and waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gossamer.abi.calling_convention import parse_calling_convention
from gossamer.abi.declaration import parse_declaration
from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.hal.timeline.fence import Fence
from gossamer.machine_code.signal_handlers import signal_watch
from gossamer.runtime.text_io.variants import Variant
from gossamer.vm.link.function import Function
from gossamer.vm.link.module import Module


def argument_kinds(function: Function) -> str:
    """Calling convention characters of what a caller gives: all arguments but the fences.

    Raises: InvalidArgumentError for a function with spans, which only programs can call.
    """
    arguments = parse_calling_convention(function.calling_convention).arguments
    kinds = "".join(argument if isinstance(argument, str) else "C" for argument in arguments)
    if "C" in kinds:
        raise InvalidArgumentError(f"{function.full_name} takes spans and cannot be called from outside")
    return kinds[:-2] if function.is_async else kinds


def argument_types(function: Function) -> list[str | None]:
    """Declared type of each of `argument_kinds`; None where the function does not say."""
    kinds = argument_kinds(function)
    declaration = parse_declaration(function.declaration)
    if declaration is None or len(declaration.arguments) != len(kinds):
        return [None] * len(kinds)
    return [argument.type for argument in declaration.arguments]


def check_count(function: Function, arguments: Sequence[Variant]) -> None:
    """Check that a function is given as many values as it takes. Raises: InvalidArgumentError."""
    expected = len(argument_kinds(function))
    if len(arguments) != expected:
        raise InvalidArgumentError(
            f"input list and function mismatch; expected {expected} arguments but passed {len(arguments)}"
        )


def invoke(function: Function, arguments: Sequence[Variant]) -> list[Variant]:
    """Call a function and wait until its results can be read.

    Raises: InvalidArgumentError when the number of arguments is wrong; what the program raises.
    """
    check_count(function, arguments)
    values = [argument.value for argument in arguments]
    signal_watch.wake()
    if function.is_async:
        finish = Fence.create()
        returned = function.callable(*values, None, finish)
        try:
            finish.wait()
        except StatusError as error:
            raise error.annotate("waiting on finish fence") from None
    else:
        returned = function.callable(*values)
    kinds = parse_calling_convention(function.calling_convention).results
    results: tuple[object, ...] = (returned,)
    if len(kinds) != 1:
        results = cast("tuple[object, ...]", returned) if kinds else ()
    return [Variant(kind, value) for kind, value in zip(kinds, results, strict=True)]


def find_single_export(module: Module) -> str:
    """Name of the only function of a module that users call.

    Raises: InvalidArgumentError where there is none, SeveralExportsError.
    """
    names = [name for name in module.exports if not name.startswith("__") and "$" not in name]
    if not names:
        raise InvalidArgumentError("no exported functions found in module; at least one must be present")
    if len(names) > 1:
        raise SeveralExportsError(names)
    return names[0]


class SeveralExportsError(InvalidArgumentError):
    """A module has several functions, and none was named.

    Attributes:
        names: of all, at least two.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(
            f"more than one exported function present; name the one to call: one of {', '.join(names)}"
        )
