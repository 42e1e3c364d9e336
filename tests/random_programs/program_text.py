"""A random program as MLIR: `scf` everywhere, or blocks of `cf` where a statement is in no other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import indent

from program_operations import OPERATIONS
from program_tree import SIZE_LIMIT, TRIP_LIMIT, Apply, Block, For, If, Kind, Statement, While


def function_text(name: str, parameters: Mapping[str, Kind], body: Block, results: Sequence[Kind]) -> str:
    """A function that computes a program.

    Args:
        name: of the function.
        parameters: kinds by name, in order.
        body: the program.
        results: kinds of what the program yields.
    """
    arguments = ", ".join(f"%{each}: {kind.value}" for each, kind in parameters.items())
    types = ", ".join(kind.value for kind in results)
    lines = [_statement(statement, outermost=True) for statement in body.statements]
    lines.append(f"return {_names(body.yields)} : {types}")
    return f"func.func @{name}({arguments}) -> ({types}) {{\n{_indented(lines)}\n}}\n"


def _statement(statement: Statement, *, outermost: bool) -> str:
    if isinstance(statement, Apply):
        operands = [f"%{name}" for name in statement.operands]
        text = OPERATIONS[statement.operation].text
        return text.format(*operands, r=statement.result, n=statement.number)
    if isinstance(statement, If):
        return _if_blocks(statement) if statement.branches and outermost else _if(statement)
    if isinstance(statement, For):
        return _for(statement)
    return _while_blocks(statement) if statement.branches and outermost else _while(statement)


def _if(statement: If) -> str:
    return (
        f"{_names(statement.results)} = scf.if %{statement.condition} -> ({_types(statement.kinds)}) {{\n"
        f"{_region(statement.then, statement.kinds)}\n}} else {{\n"
        f"{_region(statement.otherwise, statement.kinds)}\n}}"
    )


def _if_blocks(statement: If) -> str:
    label = f"^{statement.results[0]}"
    arguments = ", ".join(_typed(statement.results, statement.kinds))
    types = _types(statement.kinds)
    then, otherwise = (
        _indented([*(_statement(each, outermost=False) for each in block.statements)])
        + f"\n  cf.br {label}_end({_names(block.yields)} : {types})"
        for block in (statement.then, statement.otherwise)
    )
    return (
        f"cf.cond_br %{statement.condition}, {label}_then, {label}_else\n"
        f"{label}_then:\n{then}\n{label}_else:\n{otherwise}\n{label}_end({arguments}):"
    )


def _for(statement: For) -> str:
    name = statement.results[0]
    carried = ", ".join(
        f"%{inner} = %{outer}" for inner, outer in zip(statement.carried, statement.initial, strict=True)
    )
    return f"""%{name}_mask = arith.constant {TRIP_LIMIT - 1} : i32
%{name}_rounds = arith.andi %{statement.trips}, %{name}_mask : i32
%{name}_end = arith.index_cast %{name}_rounds : i32 to index
%{name}_c0 = arith.constant 0 : index
%{name}_c1 = arith.constant 1 : index
{_names(statement.results)} = scf.for %{name}_i = %{name}_c0 to %{name}_end step %{name}_c1
    iter_args({carried}) -> ({_types(statement.kinds)}) {{
  %{statement.counter} = arith.index_cast %{name}_i : index to i32
{_region(statement.body, statement.kinds)}
}}"""


def _while(statement: While) -> str:
    name, types = statement.results[0], _types(statement.kinds)
    before = [f"{each}_b" for each in statement.carried]
    starts = ", ".join(f"%{inner} = %{outer}" for inner, outer in zip(before, statement.initial, strict=True))
    arguments = ", ".join(_typed(statement.carried, statement.kinds))
    return f"""{_names(statement.results)} = scf.while ({starts}) : ({types}) -> ({types}) {{
{indent(_goes_on(name, before), "  ")}
  scf.condition(%{name}_go) {_names(before)} : {types}
}} do {{
^bb0({arguments}):
{_region(statement.body, statement.kinds)}
}}"""


def _while_blocks(statement: While) -> str:
    name, types = statement.results[0], _types(statement.kinds)
    before = [f"{each}_b" for each in statement.carried]
    body = _indented([_statement(each, outermost=False) for each in statement.body.statements])
    return f"""cf.br ^{name}_head({_names(statement.initial)} : {types})
^{name}_head({", ".join(_typed(before, statement.kinds))}):
{_goes_on(name, before)}
cf.cond_br %{name}_go, ^{name}_body({_names(before)} : {types}), ^{name}_end({_names(before)} : {types})
^{name}_body({", ".join(_typed(statement.carried, statement.kinds))}):
{body}
  cf.br ^{name}_head({_names(statement.body.yields)} : {types})
^{name}_end({", ".join(_typed(statement.results, statement.kinds))}):"""


def _goes_on(name: str, carried: Sequence[str]) -> str:
    return f"""%{name}_c0 = arith.constant 0 : index
%{name}_z = arith.constant 0 : i32
%{name}_limit = arith.constant {SIZE_LIMIT} : index
%{name}_d = tensor.dim %{carried[0]}, %{name}_c0 : tensor<?xi32>
%{name}_short = arith.cmpi slt, %{name}_d, %{name}_limit : index
%{name}_more = arith.cmpi sgt, %{carried[1]}, %{name}_z : i32
%{name}_go = arith.andi %{name}_short, %{name}_more : i1"""


def _region(block: Block, kinds: Sequence[Kind]) -> str:
    lines = [_statement(statement, outermost=False) for statement in block.statements]
    return _indented([*lines, f"scf.yield {_names(block.yields)} : {_types(kinds)}"])


def _indented(lines: Sequence[str]) -> str:
    return indent("\n".join(lines), "  ")


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"%{name}" for name in names)


def _types(kinds: Sequence[Kind]) -> str:
    return ", ".join(kind.value for kind in kinds)


def _typed(names: Sequence[str], kinds: Sequence[Kind]) -> list[str]:
    return [f"%{name}: {kind.value}" for name, kind in zip(names, kinds, strict=True)]
