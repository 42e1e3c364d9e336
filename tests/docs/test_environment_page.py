"""docs/environment.md has every environment variable that the package reads, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import gossamer

_PACKAGE = Path(gossamer.__file__).parent
_PAGE = Path(__file__).parents[2] / "docs" / "environment.md"


def constants(tree: ast.Module) -> dict[str, str]:
    """Texts that a module gives names to."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def variables_read(source: str) -> set[str]:
    """Names of variables that a module reads; each is to be a text or a name for one at the place."""
    tree = ast.parse(source)
    named = constants(tree)
    found: set[str] = set()
    reads = 0
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"), args=[name, *_]
            ):
                reads += 1
                found.add(str(name.value) if isinstance(name, ast.Constant) else named[ast.unparse(name)])
            case _:
                pass
    assert reads == len(re.findall(r"\b(?:environb?|getenvb?)\b", source)), "read with os.environ.get only"
    return found


def test_variables_are_found_by_text_and_by_name() -> None:
    source = 'A = "GOSSAMER_A"\nos.environ.get(A, "")\nprint(os.environ.get("IREE_B") or 1)\n'
    assert variables_read(source) == {"GOSSAMER_A", "IREE_B"}


@pytest.mark.parametrize("source", ['os.environ["GOSSAMER_A"]', 'os.getenv("A")', "from os import environ"])
def test_another_way_to_read_one_is_refused(source: str) -> None:
    with pytest.raises(AssertionError, match="get only"):
        variables_read(source)


def test_the_page_has_what_is_read() -> None:
    read = set[str]().union(*(variables_read(path.read_text()) for path in _PACKAGE.rglob("*.py")))
    rows = re.findall(r"^\| `(\w+)` \|", _PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(read)
