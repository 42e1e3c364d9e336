"""Block parameters that always hold one and the same value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gossamer.vm.typed.ssa import Operand, SsaFunction, Value


def find_sources(parameters: Iterable[Value], incoming: dict[Value, list[Operand]]) -> dict[Value, Operand]:
    """What each parameter stands for, where all jumps pass the same value, or the parameter itself.

    Args:
        parameters: those to look at.
        incoming: what jumps pass to each of them.
    """
    sources: dict[Value, Operand] = {}
    candidates = list(parameters)
    changed = True
    while changed:
        changed = False
        remaining: list[Value] = []
        for value in candidates:
            passed = {resolve(operand, sources) for operand in incoming[value]} - {value}
            if len(passed) == 1:
                sources[value] = passed.pop()
                changed = True
            else:
                remaining.append(value)
        candidates = remaining
    return sources


def resolve(operand: Operand, sources: Mapping[Value, Operand]) -> Operand:
    """The value at the end of a chain of sources."""
    while isinstance(operand, Value) and operand in sources:
        operand = sources[operand]
    return operand


def function_sources(function: SsaFunction) -> dict[Value, Operand]:
    """Sources of all parameters of a function that have one, fully resolved."""
    incoming: dict[Value, list[Operand]] = {
        parameter: [] for block in function.blocks for parameter in block.parameters
    }
    for edge in (function.entry, *(edge for block in function.blocks for edge in block.edges)):
        parameters = function.blocks[edge.target].parameters
        for parameter, argument in zip(parameters, edge.arguments, strict=True):
            incoming[parameter].append(argument)
    sources = find_sources(incoming, incoming)
    return {value: resolve(source, sources) for value, source in sources.items()}
