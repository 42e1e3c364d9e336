"""Checks that join a module's imports to exports of modules loaded before it.

In: the module, and what is loaded. Out: an export for each import, or None for an optional one that nobody
offers. Errors are those of `link_errors`. Mirrors import resolution in `iree/vm/context.c` of IREE 3.13.0,
which compares calling conventions only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gossamer.abi.calling_convention import CallingConvention, Span, parse_calling_convention
from gossamer.abi.declaration import (
    DECLARATION_ATTR,
    Declaration,
    DeclaredValue,
    ExecutionModel,
    is_async,
    parse_declaration,
)
from gossamer.abi.value_type import are_compatible, parse_value_type
from gossamer.format.module_def import ImportFunction
from gossamer.vm.link.full_names import split_full_name
from gossamer.vm.link.link_errors import (
    ExecutionModelMismatchError,
    ModuleVersionError,
    SignatureMismatchError,
    UnknownFunctionError,
    UnknownModuleError,
)
from gossamer.vm.link.module import Export, Module

_FENCES = "rr"
"""Two more arguments of an async function: wait fence and signal fence."""


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What a module is loaded after.

    Attributes:
        loaded: modules loaded before it, by name.
        announced: modules that are loaded after it, as far as that is known: source file, or "", by name.
    """

    loaded: Mapping[str, Module]
    announced: Mapping[str, str] = field(default_factory=dict[str, str])


def check_dependencies(module: Module, order: LoadOrder) -> None:
    """Check that the modules a module declares to need are loaded, and new enough.

    Raises: UnknownModuleError, ModuleVersionError.
    """
    for dependency in module.dependencies:
        found = order.loaded.get(dependency.name) or _with_dots(module, dependency.name, order)
        if found is None:
            if dependency.is_required:
                raise _unknown_module(module, dependency.name, _first_import(module, dependency.name), order)
        elif dependency.is_required and found.version < dependency.minimum_version:
            raise ModuleVersionError(
                module.name, dependency.name, minimum=dependency.minimum_version, found=found.version
            )


def _with_dots(module: Module, needed: str, order: LoadOrder) -> Module | None:
    """The loaded module of an import that is known as needed up to the first dot of its name only."""
    function_name = _first_import(module, needed)
    return order.loaded.get(split_full_name(f"{needed}.{function_name}", order.loaded)[0])


def _first_import(module: Module, needed: str) -> str:
    prefix = f"{needed}."
    names = (function.full_name for function in module.imports)
    return next((name.removeprefix(prefix) for name in names if name.startswith(prefix)), "")


def resolve_imports(module: Module, order: LoadOrder) -> Sequence[tuple[Module, Export] | None]:
    """Find and check the export behind each import of a module.

    Returns: parallel to `module.imports`; None for an optional import that nothing loaded offers.
    Raises: UnknownModuleError, UnknownFunctionError, SignatureMismatchError, ExecutionModelMismatchError.
    """
    # Why only these: loading looks up many names, and hardly a module has a dot in its own.
    dotted = [name for names in (order.loaded, order.announced) for name in names if "." in name]
    return [
        _resolve(module, function, split_full_name(function.full_name, dotted), order)
        for function in module.imports
    ]


def _resolve(
    module: Module, function: ImportFunction, names: tuple[str, str], order: LoadOrder
) -> tuple[Module, Export] | None:
    module_name, function_name = names
    exporter = order.loaded.get(module_name)
    if exporter is None:
        if function.is_required:
            raise _unknown_module(module, module_name, function_name, order)
        return None
    export = exporter.exports.get(function_name)
    if export is None:
        if function.is_required:
            raise UnknownFunctionError(module.name, module_name, function_name, exporter.exports)
        return None
    check_signature(module.name, function, exporter.name, export)
    return exporter, export


def _unknown_module(module: Module, needed: str, function_name: str, order: LoadOrder) -> UnknownModuleError:
    return UnknownModuleError(
        module.name,
        needed,
        function=function_name,
        is_loaded_later=needed in order.announced,
        source=order.announced.get(needed, ""),
        loaded=order.loaded,
    )


def check_signature(importer: str, function: ImportFunction, exporter: str, export: Export) -> None:
    """Check one import against the export of its name.

    Raises: ExecutionModelMismatchError, SignatureMismatchError.
    """
    expected = function.signature.calling_convention
    found = export.calling_convention
    if expected == found and not (function.signature.attrs and export.attrs):
        # Nothing else is said by both sides.
        return
    attrs = dict(function.signature.attrs)
    expected_model = _model(attrs)
    found_model = _model(export.attrs)
    if expected_model and found_model and expected_model != found_model:
        raise ExecutionModelMismatchError(
            importer, exporter, export.name, expected=expected_model, found=found_model
        )
    # Why: IREE 3.13.0 accepts an import without a calling convention for any export. Its calls pass nothing,
    # so the export must take nothing.
    takes_nothing = parse_calling_convention(found) == parse_calling_convention("")
    if expected != found and (expected or not takes_nothing):
        _raise_for_conventions(importer, exporter, export, expected)
    expected_declaration = parse_declaration(attrs.get(DECLARATION_ATTR, ""))
    found_declaration = parse_declaration(export.attrs.get(DECLARATION_ATTR, ""))
    if expected_declaration and found_declaration:
        _check_declarations(importer, exporter, export.name, expected_declaration, found_declaration)


def _model(attrs: Mapping[str, str]) -> ExecutionModel | None:
    if is_async(attrs):
        return ExecutionModel.COARSE_FENCES
    declaration = parse_declaration(attrs.get(DECLARATION_ATTR, ""))
    return declaration.model if declaration else None


def _raise_for_conventions(importer: str, exporter: str, export: Export, expected: str) -> None:
    found = export.calling_convention
    wanted, offered = parse_calling_convention(expected), parse_calling_convention(found)
    if wanted.results == offered.results:
        fences = tuple(_FENCES)
        synchronous, asynchronous = ExecutionModel.SYNC, ExecutionModel.COARSE_FENCES
        if offered.arguments == (*wanted.arguments, *fences) and _model(export.attrs) is asynchronous:
            raise ExecutionModelMismatchError(
                importer, exporter, export.name, expected=synchronous, found=asynchronous
            )
        if wanted.arguments == (*offered.arguments, *fences):
            raise ExecutionModelMismatchError(
                importer, exporter, export.name, expected=asynchronous, found=synchronous
            )
    expected_text, found_text = _describe_convention(wanted), _describe_convention(offered)
    if expected_text == found_text:
        expected_text, found_text = f"calling convention {expected}", f"calling convention {found}"
    raise SignatureMismatchError(importer, exporter, export.name, expected=expected_text, found=found_text)


_VALUE_NAMES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64", "r": "ref"}


def _describe_convention(convention: CallingConvention) -> str:
    """A convention in words: `0riCID_r` is `(ref, i32, [i64]...) -> (ref)`."""

    def names(kinds: str) -> str:
        return ", ".join(_VALUE_NAMES[kind] for kind in kinds)

    arguments = [
        f"[{names(argument.element)}]..." if isinstance(argument, Span) else names(argument)
        for argument in convention.arguments
    ]
    return f"({', '.join(arguments)}) -> ({names(convention.results)})"


def _check_declarations(
    importer: str, exporter: str, name: str, expected: Declaration, found: Declaration
) -> None:
    for what, wanted, offered in (
        ("argument", expected.arguments, found.arguments),
        ("result", expected.results, found.results),
    ):
        _check_values(importer, exporter, name, what, wanted, offered)


def _check_values(
    importer: str,
    exporter: str,
    name: str,
    what: str,
    wanted: Sequence[DeclaredValue],
    offered: Sequence[DeclaredValue],
) -> None:
    if len(wanted) != len(offered):
        raise SignatureMismatchError(
            importer,
            exporter,
            name,
            expected=_counted(len(wanted), what),
            found=f"a function of {_counted(len(offered), what)}",
        )
    for index, (one, other) in enumerate(zip(wanted, offered, strict=True)):
        expected, found = one.passed_type, other.passed_type
        if not are_compatible(parse_value_type(expected), parse_value_type(found)):
            raise SignatureMismatchError(
                importer, exporter, name, expected=expected, found=found, position=f"{what} {index}"
            )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
