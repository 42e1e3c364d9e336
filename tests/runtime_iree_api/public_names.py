"""Describes the public names of IREE's package: `python public_names.py PACKAGE` prints them as JSON.

Dotted name -> `{"value": number}`, `{"property": true}`, `{"other": type}`, or `{"parameters": [...]}`, each
parameter as `[name, kind, default]`; the default is text, null where there is none. Runs in the environment
of IREE's wheels; `describe_member` reads our classes.
"""

from __future__ import annotations

import ast
import enum
import inspect
import json
import sys
from importlib import import_module
from typing import Any

Description = dict[str, Any]


def main(package: str) -> None:
    """Print the public names of a package and of its classes."""
    module = import_module(package)
    names: dict[str, Description] = {}
    for name in dir(module):
        if not name.startswith("_"):
            value = getattr(module, name)
            names[name] = describe(value)
            if isinstance(value, type):
                names.update({f"{name}.{m}": describe_member(value, m) for m in _member_names(value)})
    print(json.dumps(names))


def _member_names(owner: type) -> list[str]:
    own = [base for base in owner.__mro__ if base.__module__.startswith("iree")]
    names = {name for base in own for name in (*base.__dict__, *inspect.get_annotations(base))}
    constructor = "__init__" in owner.__dict__ and not inspect.ismethoddescriptor(owner.__dict__["__init__"])
    return sorted(n for n in names if not n.startswith("_")) + (["__init__"] if constructor else [])


def describe_member(owner: type, name: str) -> Description:
    """A member of a class; `{"other": "nothing"}` where it has none of that name."""
    for base in owner.__mro__:
        if name in base.__dict__:
            member = base.__dict__[name]
            described = describe(getattr(member, "__func__", member))
            if isinstance(member, classmethod):
                described["parameters"] = described["parameters"][1:]
            return described
        if name in inspect.get_annotations(base):
            return {"property": True}
    return {"other": "nothing"}


def describe(value: Any) -> Description:
    """A value, a function or a property."""
    if isinstance(value, enum.Enum | int):
        return {"value": int(getattr(value, "value", value))}
    if isinstance(value, property) or inspect.ismemberdescriptor(value):
        return {"property": True}
    signatures = getattr(value, "__nb_signature__", None)
    if signatures:
        return {"parameters": _nanobind_parameters(*signatures[0])}
    if inspect.isfunction(value):
        return {"parameters": [_parameter(p) for p in inspect.signature(value).parameters.values()]}
    return {"other": "class" if isinstance(value, type) else type(value).__name__}


def _parameter(parameter: inspect.Parameter) -> list[str | None]:
    has_default = parameter.default is not inspect.Parameter.empty
    return [parameter.name, parameter.kind.description, _text(parameter.default) if has_default else None]


def _text(default: Any) -> str:
    """A default; enumerations as the numbers they are to a caller."""
    if isinstance(default, enum.Enum):
        default = default.value
    return repr(default)


def _nanobind_parameters(signature: str, _doc: str, defaults: Any) -> list[list[str | None]]:
    """Parameters of a signature in Python's syntax but for defaults, which are written as `\\0`."""
    for index in reversed(range(len(defaults or ()))):
        signature = signature.replace(f"\\{index}", f"default_{index}")
    function = ast.parse(f"{signature}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    found = [(a.arg, "positional-only") for a in arguments.posonlyargs]
    found += [(a.arg, "positional or keyword") for a in arguments.args]
    values: list[ast.expr | None] = [None] * (len(found) - len(arguments.defaults))
    values += [*arguments.defaults, *arguments.kw_defaults]
    found += [(a.arg, "keyword-only") for a in arguments.kwonlyargs]
    return [
        [name, kind, None if value is None else _text(defaults[int(ast.unparse(value)[len("default_") :])])]
        for (name, kind), value in zip(found, values, strict=True)
    ]


if __name__ == "__main__":
    main(sys.argv[1])
