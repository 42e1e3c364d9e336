"""Signature of one function of a Python module, read from its annotations.

In: a function. Out: argument and result types, calling convention, declaration, execution model.
A function is asynchronous when it takes the fences (keyword-only parameters `wait` and `signal`) or is a
coroutine function, which gets them taken care of.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from gossamer.abi.calling_convention import format_calling_convention
from gossamer.abi.declaration import (
    DECLARATION_ATTR,
    MODEL_ATTR,
    OUTPUT_ATTR,
    Declaration,
    DeclaredValue,
    ExecutionModel,
)
from gossamer.abi.value_type import convention_character
from gossamer.errors import InvalidArgumentError
from gossamer.modules.python.types import TensorConverter, ValueConverter, parse_annotation

_FENCES = ("wait", "signal")


@dataclass(frozen=True, slots=True)
class Signature:
    """How a Python function is called from a program.

    Attributes:
        name: local name, as exported or imported.
        arguments: name and type of each positional parameter.
        results: type of each result.
        takes_fences: gets `wait` and `signal`.
        is_coroutine: an `async def` function.
        full_name: `module.function`, for messages.
    """

    name: str
    arguments: tuple[tuple[str, ValueConverter], ...]
    results: tuple[ValueConverter, ...]
    takes_fences: bool
    is_coroutine: bool
    full_name: str

    @property
    def is_async(self) -> bool:
        """True where two fences follow the declared arguments."""
        return self.takes_fences or self.is_coroutine

    @property
    def calling_convention(self) -> str:
        """Calling convention string, fences included."""
        return format_calling_convention(
            "".join(convention_character(type.value_type) for _, type in self.arguments),
            "".join(convention_character(type.value_type) for type in self.results),
            is_async=self.is_async,
        )

    @property
    def attrs(self) -> dict[str, str]:
        """Reflection attributes: declaration and model."""
        attrs = {DECLARATION_ATTR: str(self.declaration)}
        if self.is_async:
            attrs[MODEL_ATTR] = ExecutionModel.COARSE_FENCES.value
        return attrs

    @property
    def declaration(self) -> Declaration:
        """The function as the compiler would declare it, so that linking compares both."""
        return Declaration(
            ExecutionModel.COARSE_FENCES if self.is_async else ExecutionModel.SYNC,
            self.name,
            tuple(_declared_value(name, type) for name, type in self.arguments),
            tuple(_declared_value(f"output{index}", type) for index, type in enumerate(self.results)),
        )


def _declared_value(name: str, type: ValueConverter) -> DeclaredValue:
    output = type.output if isinstance(type, TensorConverter) else None
    attrs = () if output is None else ((OUTPUT_ATTR, f"{output} : index"),)
    return DeclaredValue(name, str(type.value_type), attrs)


def read_signature(function: Callable[..., Any], name: str, where: str, full_name: str) -> Signature:
    """Read a method's signature; its first parameter, `self`, is left out.

    Args:
        function: the method.
        name: as it is exported or imported.
        where: class and method, for messages about annotations.
        full_name: `module.function`, for messages about calls.
    Raises: InvalidArgumentError on parameters a program cannot pass or types that are none.
    """
    hints = _type_hints(function, where)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    positional: list[tuple[str, ValueConverter]] = []
    fences: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name in _FENCES:
            fences.append(parameter.name)
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD or parameter.kind is parameter.POSITIONAL_ONLY:
            place = f"{where}({parameter.name})"
            if parameter.name not in hints:
                raise InvalidArgumentError(f"{place} needs an annotation")
            positional.append((parameter.name, parse_annotation(hints[parameter.name], place)))
        else:
            raise InvalidArgumentError(
                f"{where}({parameter.name}): a program passes positional arguments only; keyword-only "
                "parameters may be `wait` and `signal`"
            )
    if fences and sorted(fences) != sorted(_FENCES):
        raise InvalidArgumentError(f"{where}: an asynchronous function takes both `wait` and `signal`")
    is_coroutine = inspect.iscoroutinefunction(function)
    results = _read_results(hints.get("return"), where)
    return Signature(name, tuple(positional), results, bool(fences), is_coroutine, full_name)


def _type_hints(function: Callable[..., Any], where: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise InvalidArgumentError(f"{where}: an annotation names an unknown type: {error}") from error


def _read_results(annotation: object, where: str) -> tuple[ValueConverter, ...]:
    if annotation is None or annotation is type(None):
        return ()
    members = get_args(annotation) if get_origin(annotation) is tuple else (annotation,)
    return tuple(parse_annotation(member, f"{where} result {index}") for index, member in enumerate(members))
