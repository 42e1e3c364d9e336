"""The check tests that an IREE checkout declares in the CMake files of `tests/e2e`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cmake_calls import CMakeCall, read_calls

BACKENDS = ("vmvx", "llvm-cpu")


@dataclass(frozen=True, slots=True)
class CheckCase:
    """One source file of one suite.

    Attributes:
        suite: `folder/name of the suite`.
        source: its MLIR file, in the checkout or generated.
        flags: of the compiler, backend included.
        runs: False where IREE only compiles it.
    """

    suite: str
    source: Path
    backend: str
    flags: tuple[str, ...]
    runs: bool

    @property
    def name(self) -> str:
        """`folder/suite/file`."""
        return f"{self.suite}/{self.source.name}"


def find_cases(checkout: Path, generated: Path) -> list[CheckCase]:
    """Every case for a backend of the CPU, in the order of folders and files.

    Args:
        checkout: root of IREE's sources.
        generated: folder for sources that a script of the checkout writes.
    """
    root = checkout / "tests" / "e2e"
    cases: list[CheckCase] = []
    for file in sorted(root.rglob("CMakeLists.txt")):
        calls = read_calls(file)
        folder = file.parent
        outputs = {name: path for call in calls for name, path in _generate(call, folder, generated)}
        for call in calls:
            if call.name == "iree_check_single_backend_test_suite":
                cases += _cases(call, folder, folder.relative_to(root).as_posix(), outputs)
    return cases


def _cases(call: CMakeCall, folder: Path, place: str, outputs: dict[str, Path]) -> Iterator[CheckCase]:
    backend = call.one("TARGET_BACKEND")
    if backend not in BACKENDS:
        return
    flags = (
        "--iree-hal-target-device=local",
        f"--iree-hal-local-target-device-backends={backend}",
        *call.keywords.get("COMPILER_FLAGS", ()),
    )
    for source in call.keywords.get("SRCS", ()):
        path = outputs.get(Path(source).name) if source.startswith("$") else folder / source
        if path is not None:
            yield CheckCase(f"{place}/{call.one('NAME')}", path, backend, flags, "DRIVER" in call.keywords)


def _generate(call: CMakeCall, folder: Path, generated: Path) -> Iterator[tuple[str, Path]]:
    """Run the command of a rule that makes a source for the CPU."""
    output = call.one("OUTS")
    if call.name != "iree_genrule" or not any(backend in output for backend in BACKENDS):
        return
    generated.mkdir(parents=True, exist_ok=True)
    path = generated / output
    command = re.sub(r"\$\(rootpath ([^)]+)\)", lambda match: str(folder / match[1]), call.one("CMD"))
    command = re.sub(r"\$\(execpath [^)]+\)", str(path), command)
    subprocess.run(re.sub(r"^python3", sys.executable, command), shell=True, check=True)
    yield output, path
