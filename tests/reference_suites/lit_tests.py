"""Runs IREE's end-to-end tests that print what they compute, in both runtimes, and compares what is printed.

`python tests/reference_suites/lit_tests.py CHECKOUT`; CHECKOUT is a checkout of IREE's sources, of the
version of the wheels in `.venv-iree`; `tests/e2e` is enough. A test is a RUN line with `iree-run-mlir` or
`iree-run-module`; IREE compiles, its tools and ours run, on local-sync and local-task. The exit code is 1
where they print different text or end differently.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from check_verdicts import DEVICES, Workbench

from gossamer.format.archive import read_module

_REPOSITORY = Path(__file__).resolve().parents[2]
_RUN = re.compile(r"^\s*//\s*RUN:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class LitCase:
    """One RUN line: `iree-compile` with some flags, then `iree-run-module` with others.

    Attributes:
        number: of the line, from 1.
        reads_errors: its check reads standard error, too.
    """

    source: Path
    number: int
    compile_flags: tuple[str, ...]
    run_flags: tuple[str, ...]
    reads_errors: bool


def find_cases(checkout: Path) -> Iterator[LitCase]:
    """Every case of the CPU."""
    for source in sorted((checkout / "tests" / "e2e").rglob("*.mlir")):
        for number, line in enumerate(_run_lines(source.read_text()), 1):
            commands = [shlex.split(command) for command in line.replace("2>&1", "").split("|")]
            names = [command[0] for command in commands]
            if names[0] == "iree-run-mlir":
                yield _of_run_mlir(source, number, commands[0][1:], "2>&1" in line)
            elif names[:2] == ["iree-compile", "iree-run-module"]:
                flags = tuple(flag for flag in commands[1][1:] if flag != "--module=-")
                yield LitCase(source, number, tuple(commands[0][1:]), flags, "2>&1" in line)


def _run_lines(text: str) -> list[str]:
    lines = [match[1] for line in text.splitlines() if (match := _RUN.match(line))]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line]


def _of_run_mlir(source: Path, number: int, flags: list[str], reads_errors: bool) -> LitCase:
    prefix = "--Xcompiler,"
    compile_flags = tuple(f"--{flag.removeprefix(prefix)}" for flag in flags if flag.startswith(prefix))
    run_flags = tuple(flag for flag in flags if flag.startswith("--") and not flag.startswith(prefix))
    return LitCase(source, number, (*compile_flags, "%s"), run_flags, reads_errors)


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--iree-bin", type=Path, default=_REPOSITORY / ".venv-iree" / "bin")
    arguments = parser.parse_args()
    passed = total = 0
    for case in find_cases(arguments.checkout):
        if arguments.only not in str(case.source):
            continue
        with tempfile.TemporaryDirectory() as folder:
            outcomes = list(_run_case(case, arguments.iree_bin, Path(folder)))
        for place, problem in outcomes:
            total += 1
            passed += not problem
            if problem:
                print(f"DIFFERS: {place}: {problem}", flush=True)
    print(f"{passed} of {total} runs print what IREE's do")
    return 1 if passed < total or not total else 0


def _run_case(case: LitCase, iree_bin: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Each run of a case, and how it differs."""
    compile_flags, flags = (
        [flag.replace("%t", str(folder / "t")) for flag in given if flag != "%s"]
        for given in (case.compile_flags, case.run_flags)
    )
    module, refusal = Workbench(iree_bin, folder).compile(case.source, compile_flags)
    place = f"{case.source.parent.name}/{case.source.name}, RUN line {case.number}"
    if refusal:
        print(f"not counted: {place}: IREE does not compile it: {refusal}")
        return
    given = [flag for flag in flags if flag.startswith("--function=")]
    exports = [] if given else read_module(module.read_bytes()).exported_functions
    functions = [f"--function={e.local_name}" for e in exports if not e.local_name.startswith("__")]
    for function in [*given, *functions]:
        for device in DEVICES:
            others = [flag for flag in flags if not flag.startswith(("--function=", "--device="))]
            run = ["iree-run-module", f"--device={device}", f"--module={module}", function, *others]
            theirs, ours = (
                _run(bin_folder, run, case.reads_errors)
                for bin_folder in (iree_bin, Path(sys.executable).parent)
            )
            yield f"{place} {function} on {device}", "" if theirs == ours else f"{theirs} {ours}"


def _run(bin_folder: Path, command: list[str], reads_errors: bool) -> tuple[int, str, object]:
    """Exit code, standard output, and standard error; only whether there is any where it is not read."""
    done = subprocess.run([bin_folder / command[0], *command[1:]], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr if reads_errors else bool(done.stderr)


if __name__ == "__main__":
    sys.exit(main())
