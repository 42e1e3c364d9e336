"""The language that operation formats are declared in.

'word'            the word or mark itself
%name  %name*     an operand, or a list of them
$name:kind        an attribute; kinds: symbol, symbol_name, string, number, index, f32, type, attr (with its
                  type), raw, keyword=a|b (a string), unit=word (present or not)
type(x) types(x)  the type of operand or result x; of several
shaped(x)         a type with `{%d0, %d1}` after it: operands x_dims; shapeds(x) reads several
functional(a,r)   `(T) -> U` for operands a and results r
results(r)        result types, tied ones as `%operand as T`
group(x)          `(%a, %b : T, U)`
indices(x)        `[%a, 3]`
attr-dict, attr-dict-with-keyword, clauses, block-args, region, isolated-region
( ... )?  ( ... )*  optional, repeated;  [ a | b ]  a choice
=> x, =index, typeof:x     result types: a group's, a fixed one, that of attribute x
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from gossamer.compiler.frontend.mlir.syntax import composite_elements, elements
from gossamer.compiler.frontend.mlir.syntax.composite_elements import Concatenation
from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor
from gossamer.compiler.frontend.mlir.syntax.elements import Element
from gossamer.compiler.frontend.mlir.syntax.operation import OperationText

Adjustment = Callable[[OperationText], None]
"""Completes an operation after it is read: types the format leaves out, for example."""


@dataclass(frozen=True)
class OperationFormat:
    """How one operation is written.

    Attributes:
        name: with its dialect.
        assembly_format: in the language of this module.
        generic_name: operation it is rewritten to; itself where empty.
        adjust: called after reading.
    """

    name: str
    assembly_format: str
    generic_name: str = ""
    adjust: Adjustment = lambda operation: None

    @cached_property
    def element(self) -> Element:
        """Reads all that follows the operation's name. Raises: ValueError when the format is malformed."""
        body = self.assembly_format.partition(" => ")[0]
        tokens = _TOKEN.findall(body)
        if "".join(tokens).replace(" ", "") != "".join(body.split()):
            raise ValueError(f"format of {self.name} is malformed: {body}")
        return _Compiler(tokens).sequence()

    @cached_property
    def results(self) -> tuple[str, ...]:
        """Where result types come from; empty where there are no results."""
        texts = self.assembly_format.partition(" => ")[2].split(",")
        return tuple(text.strip() for text in texts if text.strip())


def format_table(*formats: OperationFormat) -> dict[str, OperationFormat]:
    """Formats by operation name."""
    return {form.name: form for form in formats}


_TOKEN = re.compile(r"'[^']*'|%\w+\*?|\$\w+:[\w=|]+|[\w-]+(?:\([^()]*\))?|[(\[|]|\)[?*]|\]")

_ATTRIBUTE_KINDS: dict[str, tuple[Callable[[Cursor], str], str]] = {
    "symbol": (lambda cursor: cursor.symbol().text, "@"),
    "symbol_name": (lambda cursor: _quoted(cursor.symbol().text[1:]), "@"),
    "string": (lambda cursor: cursor.string().text, '"'),
    "number": (lambda cursor: cursor.number().text, "-0123456789"),
    "index": (lambda cursor: f"{cursor.number().text} : index", "-0123456789"),
    "f32": (lambda cursor: f"{cursor.number().text} : f32", "-0123456789"),
    "type": (lambda cursor: cursor.type().text, ""),
    "attr": (lambda cursor: cursor.attribute().text, ""),
    "raw": (lambda cursor: cursor.attribute(with_type=False).text, ""),
}

_DIRECTIVES: dict[str, Callable[..., Element]] = {
    "type": elements.Types,
    "types": partial(elements.Types, is_list=True),
    "shaped": partial(elements.Types, has_dims=True),
    "shapeds": partial(elements.Types, is_list=True, has_dims=True),
    "functional": elements.FunctionalType,
    "results": elements.ResultTypes,
    "group": composite_elements.OperandsWithTypes,
    "indices": composite_elements.MixedIndices,
    "assumed": composite_elements.AssumedOperands,
    "attr-dict": composite_elements.Dictionary,
    "attr-dict-with-keyword": partial(composite_elements.Dictionary, has_keyword=True),
    "clauses": composite_elements.Clauses,
    "block-args": composite_elements.BlockArguments,
    "region": composite_elements.Region,
    "isolated-region": partial(composite_elements.Region, is_isolated=True),
}


class _Compiler:
    """Turns tokens of a format into elements."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    def sequence(self) -> Element:
        """Read elements up to a closing mark or the end."""
        found: list[Element] = []
        while self._next < len(self._tokens) and self._tokens[self._next] not in (")?", ")*", "]", "|"):
            found.append(self._element())
        return found[0] if len(found) == 1 else Concatenation(tuple(found))

    def _element(self) -> Element:
        token = self._tokens[self._next]
        self._next += 1
        if token in ("(", "["):
            return self._choice()
        if token.startswith("'"):
            return elements.Literal(token[1:-1])
        if token.startswith("%"):
            return elements.Operands(token[1:].rstrip("*"), is_list=token.endswith("*"))
        if token.startswith("$"):
            return _attribute(*token[1:].split(":", 1))
        name, _, arguments = token.rstrip(")").partition("(")
        return _DIRECTIVES[name](*(text.strip() for text in arguments.split(",") if text))

    def _choice(self) -> Element:
        alternatives = [self.sequence()]
        while self._tokens[self._next] == "|":
            self._next += 1
            alternatives.append(self.sequence())
        closing = self._tokens[self._next]
        self._next += 1
        return composite_elements.Choice(tuple(alternatives), closing == ")?", closing == ")*")


def _attribute(name: str, kind: str) -> Element:
    kind, _, words = kind.partition("=")
    if words:
        return elements.Keyword(name, words.split("|"), is_unit=kind == "unit")
    return elements.Attribute(name, *_ATTRIBUTE_KINDS[kind])


def _quoted(text: str) -> str:
    return text if text.startswith('"') else f'"{text}"'
