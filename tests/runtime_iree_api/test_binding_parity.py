"""Every public name of `iree.runtime` is here, with its signature, or in a list with the reason why not."""

from __future__ import annotations

import json
import subprocess
from inspect import isclass
from pathlib import Path

import pytest
from public_names import Description, describe, describe_member

import gossamer.runtime as rt

# Name, or class with all its members -> why it is not here.
REFUSED = {
    "Tokenizer": "tokenizers are not part of running a program",
    "TokenizerDecodeStream": "tokenizers are not part of running a program",
    "TokenizerEncodeStream": "tokenizers are not part of running a program",
}
# Name -> why its signature differs.
DIFFERENT = {
    "function": "this package has a submodule of that name; `iree_alias` puts IREE's in its place",
    "HalModuleBufferViewTraceCallback": "an alias of a type, of another class",
}


@pytest.mark.reference
def test_every_public_name(iree_bin: Path) -> None:
    script = Path(__file__).with_name("public_names.py")
    command = [iree_bin / "python", script, "iree.runtime"]
    theirs = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    problems = {name: _difference(name, description) for name, description in theirs.items()}

    assert len(theirs) > 300
    assert {name: problem for name, problem in problems.items() if problem} == {}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_names_are_not_there(name: str) -> None:
    assert not hasattr(rt, name)


def _difference(name: str, theirs: Description) -> str:
    """What a caller of the reference would notice, "" where nothing is."""
    outer, _, member = name.partition(".")
    if outer in REFUSED or name in DIFFERENT:
        return ""
    found = getattr(rt, outer, None)
    if found is None:
        return "is missing"
    if member and not isclass(found):
        return "is not a class"
    ours = describe_member(found, member) if member else describe(found)
    if "parameters" not in theirs:
        return "" if ours == theirs else f"is {ours}, not {theirs}"
    if "parameters" not in ours:
        return f"cannot be called: {ours}"
    return _parameter_difference(theirs["parameters"], ours["parameters"])


def _parameter_difference(theirs: list[list[str]], ours: list[list[str]]) -> str:
    by_name = {parameter[0]: parameter for parameter in ours}
    for index, (name, kind, default) in enumerate(theirs):
        match = by_name.get(name) if kind == "keyword-only" else ours[index] if index < len(ours) else None
        if match is None or (kind != "positional-only" and match[0] != name):
            return f"lacks argument {name}"
        is_required, was_required = match[2] is None, default is None
        if default != match[2] and (is_required or not was_required):
            return f"has {name}={match[2]}, not {default}"
    extra = [
        name for name, kind, default in ours[len(theirs) :] if default is None and "variadic" not in kind
    ]
    return f"needs {extra}" if extra else ""
