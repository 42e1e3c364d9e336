"""How the values of a call are nested: what a model takes and gives, beside the flat registers of a module.

    step({"w": w, "b": b}, x) -> (y, {"loss": loss})         in the framework
    step(w, b, x) -> (y, loss)                               in a module

A module says so in the reflection `gossamer.structure` of a function, as JSON, and who calls the function
from Python nests values as in the framework. Trees have these forms:

    "*"                                     one value
    "-"                                     one value that the function never looks at, and is not passed
    {"is": 3}                               a value that was fixed when the model was exported
    {"tuple": [...]}, {"list": [...]}       several in order
    {"dict": [["w", ...], ["b", ...]]}      several by key
    {"fields": [["x", ...]], "name": "Point"}  a named tuple
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from gossamer.errors import InvalidArgumentError

STRUCTURE_ATTR = "gossamer.structure"
"""Reflection of a function: a `CallStructure`."""

Key = str | int


class Form(Enum):
    """What a tree is at its root; those with children are spelled as JSON has them."""

    LEAF = "*"
    UNUSED = "-"
    CONSTANT = "is"
    TUPLE = "tuple"
    LIST = "list"
    DICT = "dict"
    NAMED_TUPLE = "fields"


@dataclass(frozen=True, slots=True)
class Tree:
    """Values nested in one another.

    Attributes:
        form: of the root.
        children: of tuples, lists and dictionaries.
        keys: of dictionaries and named tuples, one for each child.
        value: of a constant: None, or a bool, int, float or str.
        name: of the class of a named tuple.
    """

    form: Form = Form.LEAF
    children: tuple[Tree, ...] = ()
    keys: tuple[Key, ...] = ()
    value: object = None
    name: str = ""

    @property
    def is_leaf(self) -> bool:
        """Whether it is one value."""
        return self.form is Form.LEAF

    def flatten(self, value: object, what: str, whose: str = "") -> Iterator[object]:
        """The values of leaves, in order.

        Args:
            value: nested as the tree is.
            what: how messages call it, and `whose` it is.
        Raises: InvalidArgumentError where it is nested in another way, or a constant is another.
        """
        if self.form is Form.LEAF:
            yield value
        elif self.form is Form.CONSTANT:
            if type(value) is not type(self.value) or value != self.value:
                message = f"{what}{whose} is {value!r}, and the model was exported for {self.value!r}"
                raise InvalidArgumentError(message)
        elif self.form is not Form.UNUSED:
            for child, (place, part) in zip(self.children, self._parts(value, what + whose), strict=True):
                yield from child.flatten(part, f"{what}{place}", whose)

    def unflatten(self, leaves: Iterator[object]) -> object:
        """Nest the next leaves. Raises: StopIteration where there are too few."""
        match self.form:
            case Form.LEAF:
                return next(leaves)
            case Form.CONSTANT | Form.UNUSED:
                return self.value
            case _:
                return self._nest([child.unflatten(leaves) for child in self.children])

    def leaf_count(self) -> int:
        """Number of values."""
        return 1 if self.is_leaf else sum(child.leaf_count() for child in self.children)

    def format(self, leaves: Iterator[str]) -> str:
        """The tree as Python writes it, with a text for each leaf."""
        match self.form:
            case Form.LEAF:
                return next(leaves)
            case Form.UNUSED:
                return "..."
            case Form.CONSTANT:
                return repr(self.value)
            case Form.DICT:
                pairs = [f"{key!r}: {child.format(leaves)}" for key, child in self._items()]
                return "{" + ", ".join(pairs) + "}"
            case Form.NAMED_TUPLE:
                fields = [f"{key}={child.format(leaves)}" for key, child in self._items()]
                return f"{self.name}({', '.join(fields)})"
            case Form.LIST:
                return f"[{', '.join(child.format(leaves) for child in self.children)}]"
            case Form.TUPLE:
                shown = [child.format(leaves) for child in self.children]
                return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"

    def _items(self) -> Iterator[tuple[Key, Tree]]:
        return zip(self.keys, self.children, strict=True)

    def _parts(self, value: object, what: str) -> list[tuple[str, object]]:
        """Where each child is, and its value."""
        if self.form is Form.DICT:
            return self._entries(value, what)
        count = len(self.children)
        kind = "list" if self.form is Form.LIST else "tuple"
        if not isinstance(value, (tuple, list)):
            raise InvalidArgumentError(f"{what} is a {type(value).__name__}, expected a {kind} of {count}")
        parts = cast("Sequence[object]", value)
        if len(parts) != count:
            raise InvalidArgumentError(f"{what} has {len(parts)} elements, expected a {kind} of {count}")
        return [(f"[{index}]", part) for index, part in enumerate(parts)]

    def _entries(self, value: object, what: str) -> list[tuple[str, object]]:
        if not isinstance(value, Mapping):
            raise InvalidArgumentError(
                f"{what} is a {type(value).__name__}, expected a dictionary with {_listed(self.keys)}"
            )
        entries = cast("Mapping[object, object]", value)
        missing = [key for key in self.keys if key not in entries]
        unknown = [key for key in entries if key not in self.keys]
        if missing or unknown:
            found = f"lacks {_listed(missing)}" if missing else f"has {_listed(unknown)} beside them"
            raise InvalidArgumentError(f"{what} has keys {_listed(self.keys)}, and the one given {found}")
        return [(f"[{key!r}]", entries[key]) for key in self.keys]

    def _nest(self, parts: list[object]) -> object:
        match self.form:
            case Form.LIST:
                return parts
            case Form.DICT:
                return dict(zip(self.keys, parts, strict=True))
            case Form.NAMED_TUPLE:
                fields = [str(key) for key in self.keys]
                return cast("Any", namedtuple)(self.name, fields)(*parts)
            case _:
                return tuple(parts)


LEAF = Tree()


@dataclass(frozen=True, slots=True)
class CallStructure:
    """How arguments and results of a function are nested.

    Attributes:
        arguments: that are given in order; their leaves come first.
        names: of these arguments, "" for one without.
        keywords: that are given by name alone, in the order of their leaves.
        results: of the function.
    """

    arguments: tuple[Tree, ...]
    names: tuple[str, ...]
    results: Tree
    keywords: Mapping[str, Tree] = field(default_factory=dict[str, Tree])

    @property
    def takes_leaves(self) -> bool:
        """Whether each argument is one value, given in order."""
        return not self.keywords and all(tree.is_leaf for tree in self.arguments)

    @property
    def is_flat(self) -> bool:
        """Whether calls look as they do without it."""
        is_plain = self.results.form is Form.TUPLE and len(self.results.children) != 1
        results = self.results.children if is_plain else (self.results,)
        return self.takes_leaves and all(tree.is_leaf for tree in results)

    def flatten(self, arguments: Sequence[object], keywords: Mapping[str, object], name: str) -> list[object]:
        """The values that a function takes, from those that a caller gives.

        Args:
            arguments: in order.
            keywords: by name.
            name: of the function, for messages.
        Raises: InvalidArgumentError where they are others than it takes, or nested in another way.
        """
        leaves: list[object] = []
        for what, tree, value in self._placed(arguments, keywords, name):
            leaves.extend(tree.flatten(value, f"argument {what}", f" of {name}"))
        return leaves

    def unflatten(self, returned: object) -> object:
        """Results as the model nests them, from those that a function returns."""
        leaves = cast("tuple[object, ...]", returned) if isinstance(returned, tuple) else (returned,)
        return self.results.unflatten(iter(leaves))

    def parameters(self) -> Iterator[tuple[str, Tree, bool]]:
        """Name, tree, and whether it is given by name alone, of each argument."""
        for index, (tree, name) in enumerate(zip(self.arguments, self.names, strict=True)):
            yield name or f"argument{index}", tree, False
        for name, tree in self.keywords.items():
            yield name, tree, True

    def _placed(
        self, arguments: Sequence[object], keywords: Mapping[str, object], name: str
    ) -> Iterator[tuple[str, Tree, object]]:
        given = dict(keywords)
        if len(arguments) > len(self.arguments):
            raise InvalidArgumentError(
                f"{name} takes {len(self.arguments)} arguments in order, got {len(arguments)}"
            )
        missing: list[str] = []
        for index, (what, tree, is_keyword) in enumerate(self.parameters()):
            if not is_keyword and index < len(arguments):
                if what in given:
                    raise InvalidArgumentError(f"{name} got argument {what!r} twice")
                yield what, tree, arguments[index]
            elif what in given:
                yield what, tree, given.pop(what)
            elif tree.form is Form.CONSTANT:
                yield what, tree, tree.value
            else:
                missing.append(what)
        if missing:
            raise InvalidArgumentError(f"{name} lacks arguments: {', '.join(missing)}")
        if given:
            known = ", ".join(what for what, _, _ in self.parameters())
            raise InvalidArgumentError(f"{name} has no argument {next(iter(given))!r}; it takes {known}")


def format_structure(structure: CallStructure) -> str:
    """The reflection of a structure."""
    written = {
        "arguments": [
            [name, _to_json(tree)] for name, tree in zip(structure.names, structure.arguments, strict=True)
        ],
        "keywords": [[name, _to_json(tree)] for name, tree in structure.keywords.items()],
        "results": _to_json(structure.results),
    }
    return json.dumps(written, separators=(",", ":"))


def parse_structure(text: str) -> CallStructure | None:
    """Read a reflection; None where it is none, which may be anything that a file holds."""
    try:
        read = json.loads(text)
        arguments = [(str(name), _from_json(tree)) for name, tree in read["arguments"]]
        return CallStructure(
            tuple(tree for _, tree in arguments),
            tuple(name for name, _ in arguments),
            _from_json(read["results"]),
            {str(name): _from_json(tree) for name, tree in read["keywords"]},
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _to_json(tree: Tree) -> object:
    children = list(map(_to_json, tree.children))
    match tree.form:
        case Form.LEAF | Form.UNUSED:
            return tree.form.value
        case Form.CONSTANT:
            return {"is": tree.value}
        case Form.TUPLE | Form.LIST:
            return {tree.form.value: children}
        case Form.DICT | Form.NAMED_TUPLE:
            pairs = [list(pair) for pair in zip(tree.keys, children, strict=True)]
            named = {"name": tree.name} if tree.form is Form.NAMED_TUPLE else {}
            return {tree.form.value: pairs, **named}


def _from_json(read: Any) -> Tree:
    if isinstance(read, str):
        return Tree(Form(read))
    (form, content), *rest = read.items()
    form = Form(form)
    if form is Form.CONSTANT:
        return Tree(form, value=content)
    if form in (Form.TUPLE, Form.LIST):
        return Tree(form, tuple(map(_from_json, content)))
    name = str(dict(rest)["name"]) if form is Form.NAMED_TUPLE else ""
    keys = tuple(key for key, _ in content)
    if not all(isinstance(key, (str, int)) for key in keys) or (name and not name.isidentifier()):
        raise ValueError("not the keys of a tree")
    return Tree(form, tuple(_from_json(child) for _, child in content), keys, name=name)


def _listed(keys: Sequence[object]) -> str:
    return ", ".join(map(repr, keys))
