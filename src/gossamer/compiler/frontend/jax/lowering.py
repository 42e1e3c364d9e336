"""What JAX makes of a function: MLIR text, and how its values are nested."""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# JAX is an optional extra.

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import jax
import jax.export

from gossamer.abi.structure import LEAF, CallStructure, Form, Tree
from gossamer.compiler.frontend.examples import ExampleType, bind_inputs
from gossamer.compiler.frontend.jax.bound_arrays import BoundArrays, take_arrays
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_ROOT = re.compile(r"[A-Za-z_]\w*")
_UNUSED = Tree(Form.UNUSED)
_PLATFORM = "cpu"


@dataclass(frozen=True, slots=True)
class LoweredProgram:
    """A program of JAX.

    Attributes:
        text: StableHLO, CHLO and calls of LAPACK.
        structure: how a caller nests arguments and results.
        constants: name and array of each argument of `main` that callers do not give, by its number.
    """

    text: str
    structure: CallStructure
    constants: Mapping[int, tuple[str, Any]] = field(default_factory=dict[int, "tuple[str, Any]"])


def lower(source: Source) -> LoweredProgram:
    """Lower what a source holds. Raises: CompileError."""
    model: Any = source.model
    if isinstance(model, jax.export.Exported):
        return _of_exported(model, ())
    if isinstance(model, jax.stages.Lowered):
        return _of_lowered(model)
    if source.inputs is None:
        message = f"{model!r} is compiled by example, and no inputs are given"
        hint = 'gossamer.compile(function, inputs=[example]), or inputs=["?x64xf32"] to leave a size open'
        raise CompileError([Diagnostic(message, hint=hint)])
    return _trace(model, source)


def _trace(function: Any, source: Source) -> LoweredProgram:
    scope = jax.export.SymbolicScope()
    numbers = count()

    def example(value: object) -> object:
        if not isinstance(value, ExampleType):
            return value
        sizes = [f"d{next(numbers)}" if size is None else str(size) for size in value.shape]
        return jax.ShapeDtypeStruct(jax.export.symbolic_shape(",".join(sizes), scope=scope), value.dtype)

    arguments, keywords = bind_inputs(function, source.inputs)
    leaves, tree = jax.tree.flatten((arguments, keywords), is_leaf=_is_type)
    arguments, keywords = jax.tree.unflatten(tree, list(map(example, leaves)))
    bound = take_arrays(function)
    names = _parameter_names(function)
    if bound.arrays:
        arguments, names = (bound.arrays, *arguments), ("", *names)
    jitted: Any = bound.function if hasattr(bound.function, "lower") else jax.jit(bound.function)
    try:
        if _has_open_sizes((arguments, keywords)):
            export = jax.export.export(jitted, platforms=[_PLATFORM], disabled_checks=_Everything())
            program = _of_exported(export(*arguments, **keywords), names)
        else:
            program = _of_lowered(jitted.lower(*arguments, **keywords), names)
    except CompileError:
        raise
    except Exception as error:  # tracing runs the function, which may raise anything
        raise CompileError([Diagnostic(f"JAX cannot trace the function: {error}")]) from error
    return _with_constants(program, bound) if bound.arrays else program


def _with_constants(program: LoweredProgram, bound: BoundArrays) -> LoweredProgram:
    """Take the first argument, a list of arrays, from what callers give."""
    structure = program.structure
    leaves = zip(structure.arguments[0].children, bound.names, bound.arrays, strict=True)
    passed = [(name, array) for leaf, name, array in leaves if leaf.is_leaf]
    given = replace(structure, arguments=structure.arguments[1:], names=structure.names[1:])
    return LoweredProgram(program.text, given, dict(enumerate(passed)))


def _is_type(value: object) -> bool:
    return isinstance(value, ExampleType)


class _Everything(tuple[Any, ...]):
    """Checks that are left out: what other releases of XLA make of custom calls does not matter here."""

    def __contains__(self, check: object) -> bool:
        return True


def _has_open_sizes(values: Any) -> bool:
    return any(
        jax.export.is_symbolic_dim(size)
        for leaf in jax.tree.leaves(values)
        for size in getattr(leaf, "shape", ())
    )


def _parameter_names(function: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()


def _of_exported(exported: Any, names: tuple[str, ...]) -> LoweredProgram:
    taken = frozenset(exported.module_kept_var_idx)
    leaves = [LEAF if index in taken else _UNUSED for index in range(len(exported.in_avals))]
    structure = _structure(exported.in_tree, exported.out_tree, leaves, names)
    return LoweredProgram(exported.mlir_module(), structure)


def _of_lowered(lowered: Any, names: tuple[str, ...] = ()) -> LoweredProgram:
    module = lowered.compiler_ir("stablehlo")
    leaf_count = lowered.in_tree.num_leaves
    taken = _taken_leaves(lowered, leaf_count, _main_arguments(module))
    leaves = [LEAF if index in taken else _UNUSED for index in range(leaf_count)]
    names = names or _names_in(module, lowered.in_tree, leaves)
    return LoweredProgram(_text_of(module), _structure(lowered.in_tree, lowered.out_tree, leaves, names))


def _taken_leaves(lowered: Any, leaf_count: int, arguments: list[Any]) -> frozenset[int]:
    """Numbers of the leaves that the program takes: JAX leaves out what the function never looks at.

    Raises: CompileError where this version of JAX does not say which.
    """
    if len(arguments) == leaf_count:
        return frozenset(range(leaf_count))
    kept = lowered._lowering.compile_args.get("kept_var_idx")
    if kept is None or len(kept) != len(arguments):
        hint = "jax.jit(function, keep_unused=True)"
        raise CompileError([Diagnostic("JAX does not say which arguments the program uses", hint=hint)])
    return frozenset(kept)


def _main_arguments(module: Any) -> list[Any]:
    for op in module.body.operations:
        if op.operation.name == "func.func" and op.operation.attributes["sym_name"].value == "main":
            return list(op.operation.regions[0].blocks[0].arguments)
    return []


def _names_in(module: Any, in_tree: Any, leaves: list[Tree]) -> tuple[str, ...]:
    """Names of arguments in order, `params` of a location "params['w']"; "" where none is used."""
    locations = iter([argument.location for argument in _main_arguments(module)])
    used = iter(leaves)
    names: list[str] = []
    for argument in in_tree.children()[0].children():
        flags = [next(used).is_leaf for _ in range(argument.num_leaves)]
        own = [next(locations) for _ in range(sum(flags))]
        match = _ROOT.match(getattr(own[0], "name_str", "")) if own else None
        names.append(match[0] if match else "")
    return tuple(names)


def _text_of(module: Any) -> str:
    """A program in MLIR's generic form, which changes least from release to release.

    Bytecode and portable artifacts are not for programs that have operations of CHLO, or calls of LAPACK.
    """
    return module.operation.get_asm(enable_debug_info=True, print_generic_op_form=True)


def _structure(in_tree: Any, out_tree: Any, leaves: list[Tree], names: tuple[str, ...]) -> CallStructure:
    remaining = iter(leaves)
    positional, named = in_tree.children()
    arguments = tuple(_tree(child, remaining) for child in positional.children())
    keys = named.node_data()[1]
    keywords = {key: _tree(child, remaining) for key, child in zip(keys, named.children(), strict=True)}
    names = (*names, *[""] * len(arguments))[: len(arguments)]
    return CallStructure(arguments, names, _tree(out_tree, iter([LEAF] * out_tree.num_leaves)), keywords)


def _tree(tree: Any, leaves: Iterator[Tree]) -> Tree:
    """A tree of JAX's; of classes that only it knows the parts are a tuple."""
    data = tree.node_data()
    if data is None:
        return next(leaves) if tree.num_leaves else Tree(Form.CONSTANT, value=None)
    kind, context = data
    children = tuple(_tree(child, leaves) for child in tree.children())
    if kind is type(None):
        return Tree(Form.CONSTANT, value=None)
    if kind is list:
        return Tree(Form.LIST, children)
    if issubclass(kind, dict):
        return Tree(Form.DICT, children, tuple(context))
    if hasattr(kind, "_fields"):
        return Tree(Form.NAMED_TUPLE, children, tuple(kind._fields), name=kind.__name__)
    return Tree(Form.TUPLE, children)
