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

from gossamer.errors import InvalidArgumentError
from gossamer.modules.python.types import TensorType, ValueType, parse_annotation
from gossamer.vm.link.function import COARSE_FENCES_MODEL, DECLARATION_ATTR, MODEL_ATTR

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
    arguments: tuple[tuple[str, ValueType], ...]
    results: tuple[ValueType, ...]
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
        arguments = "".join(type.character for _, type in self.arguments) + ("rr" if self.is_async else "")
        results = "".join(type.character for type in self.results)
        return f"0{arguments or 'v'}_{results or 'v'}"

    @property
    def attrs(self) -> dict[str, str]:
        """Reflection attributes: declaration and model."""
        attrs = {DECLARATION_ATTR: self.declaration}
        if self.is_async:
            attrs[MODEL_ATTR] = COARSE_FENCES_MODEL
        return attrs

    @property
    def declaration(self) -> str:
        """The function as `iree.abi.declaration` spells it."""
        arguments = [f"%{name}: {type}{_output_text(type)}" for name, type in self.arguments]
        results = [f"%output{index}: {type}" for index, type in enumerate(self.results)]
        model = "async" if self.is_async else "sync"
        return f"{model} func @{self.name}({', '.join(arguments)}) -> ({', '.join(results)})"


def _output_text(type: ValueType) -> str:
    if isinstance(type, TensorType) and type.output is not None:
        return f" {{iree.abi.output = {type.output} : index}}"
    return ""


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
    positional: list[tuple[str, ValueType]] = []
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


def _read_results(annotation: object, where: str) -> tuple[ValueType, ...]:
    if annotation is None or annotation is type(None):
        return ()
    members = get_args(annotation) if get_origin(annotation) is tuple else (annotation,)
    return tuple(parse_annotation(member, f"{where} result {index}") for index, member in enumerate(members))
