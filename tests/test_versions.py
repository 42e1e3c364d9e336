"""Version numbers have one place; what must repeat one agrees with it."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import date
from pathlib import Path

import gossamer
from gossamer import versions

_PACKAGE = Path(gossamer.__file__).parent
_PLACE = _PACKAGE / "versions.py"
_PYPROJECT = _PACKAGE.parents[1] / "pyproject.toml"


def version_literals(source: str) -> list[str]:
    """Names with VERSION in them that a module gives a value of its own."""
    return [
        ast.unparse(target)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and not any(isinstance(part, ast.Name) for part in ast.walk(node.value))
        for target in node.targets
        if re.search(r"(?<![A-Z])VERSION", ast.unparse(target))
    ]


def test_a_number_beside_its_place_is_seen() -> None:
    assert version_literals("_VERSIONS = (2, 3)\nCONVERSION = 1\nSUPPORTED_VERSION = IREE_VERSION") == [
        "_VERSIONS"
    ]


def test_no_other_file_has_a_version_number() -> None:
    found = {
        str(path.relative_to(_PACKAGE)): names
        for path in _PACKAGE.rglob("*.py")
        if path != _PLACE and (names := version_literals(path.read_text()))
    }
    assert found == {}


def test_every_number_is_dated() -> None:
    source = _PLACE.read_text()
    names = version_literals(source)
    dates = re.findall(r"^(\w+) = .*\n\"\"\"Since (\d{4}-\d\d-\d\d)\.", source, re.MULTILINE)
    assert [name for name, _ in dates] == names
    assert all(date.fromisoformat(day) <= date.today() for _, day in dates)


def test_the_package_has_its_version_from_there() -> None:
    assert gossamer.__version__ == versions.PACKAGE_VERSION
    project = tomllib.loads(_PYPROJECT.read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "gossamer.versions.PACKAGE_VERSION"
    }


def test_the_header_for_c_modules_has_the_version_from_there() -> None:
    header = (_PACKAGE / "include" / "gossamer" / "module.h").read_text()
    assert f"#define GOSSAMER_ABI_VERSION {versions.C_ABI_VERSION}u\n" in header


def test_the_reference_compared_with_is_the_release_we_promise() -> None:
    reference = tomllib.loads(_PYPROJECT.read_text())["dependency-groups"]["reference"]
    assert f"iree-base-compiler=={versions.IREE_VERSION}" in reference
    assert f"iree-base-runtime=={versions.IREE_VERSION}" in reference


def test_the_package_of_another_name_is_of_this_version() -> None:
    text = (_PACKAGE.parents[1] / "packages" / "gossamer-iree" / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    assert project["version"] == versions.PACKAGE_VERSION
    assert project["dependencies"] == [f"gossamer=={versions.PACKAGE_VERSION}"]
    extras = tomllib.loads(_PYPROJECT.read_text())["project"]["optional-dependencies"]
    assert extras["iree"] == [f"gossamer-iree=={versions.PACKAGE_VERSION}"]
