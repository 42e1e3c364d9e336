"""What `help` and completion show of a function: its arguments by name, with MLIR's types.

help(pipeline.step)   step(chunk: 'tensor<512xf32>', gain: 'f32') -> 'tensor<512xf32>'
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, Signature

from gossamer.abi.structure import CallStructure
from gossamer.runtime.signature import ValueDescription


def python_signature(
    inputs: Sequence[ValueDescription],
    outputs: Sequence[ValueDescription],
    structure: CallStructure | None = None,
) -> Signature:
    """Signature of a function.

    Args:
        inputs: storage for results may be left out, and comes last.
        outputs: as inputs, without fences.
        structure: how callers nest them, if they do.
    """
    if structure is not None:
        return _nested_signature(inputs, outputs, structure)
    parameters = [
        Parameter(
            value.name,
            Parameter.POSITIONAL_OR_KEYWORD if value.output is None else Parameter.KEYWORD_ONLY,
            default=Parameter.empty if value.output is None else None,
            annotation=value.type or Parameter.empty,
        )
        for value in sorted(inputs, key=lambda value: value.output is not None)
    ]
    types = [value.type for value in outputs]
    results = types[0] if len(types) == 1 else f"({', '.join(types)})"
    return Signature(parameters, return_annotation=results if all(types) else Signature.empty)


def _nested_signature(
    inputs: Sequence[ValueDescription], outputs: Sequence[ValueDescription], structure: CallStructure
) -> Signature:
    types = iter([value.type for value in inputs])
    parameters = [
        Parameter(
            name if name.isidentifier() else f"argument{index}",
            Parameter.KEYWORD_ONLY if is_keyword else Parameter.POSITIONAL_OR_KEYWORD,
            annotation=tree.format(types),
        )
        for index, (name, tree, is_keyword) in enumerate(structure.parameters())
    ]
    results = structure.results.format(iter([value.type for value in outputs]))
    return Signature(parameters, return_annotation=results)


def help_text(full_name: str, signature: Signature, *, is_async: bool) -> str:
    """Documentation of a function.

    Args:
        full_name: `module.function`.
        signature: of it.
        is_async: calling it gives an `Invocation`.
    """
    gives = "an Invocation of its results" if is_async else "its results"
    return f"{full_name}{signature}\n\nTakes arrays and numbers in order or by name, and returns {gives}."
