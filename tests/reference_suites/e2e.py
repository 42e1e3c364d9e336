"""Runs IREE's end-to-end tests for the CPU in our runtime: `python tests/reference_suites/e2e.py CHECKOUT`.

CHECKOUT is a checkout of IREE's sources, of the version of the wheels in `.venv-iree`; `tests/e2e` is
enough. IREE's compiler compiles each file as its folder's CMakeLists.txt says; our iree-check-module runs
its functions on local-sync and local-task; IREE's runtime, with a check module of ours, runs them too and
says what is to be expected. The exit code is 1 where a function passes in IREE and fails here.

With `--ours`, our compiler compiles the files, those that it refuses count as one function that fails, and
so does what fails in either runtime.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from check_suites import CheckCase, find_cases
from check_verdicts import DEVICES, NO_END, Workbench, run_gossamer

_REPOSITORY = Path(__file__).resolve().parents[2]
_Row = tuple[str, str]


class Report:
    """Counts by (backend, device); exceptions are printed at once."""

    def __init__(self, *, is_ours: bool) -> None:
        self.is_ours = is_ours
        self.expected: Counter[_Row] = Counter()
        self.passed: Counter[_Row] = Counter()

    @property
    def is_good(self) -> bool:
        """True where every function that passes in IREE passes here, and there is one."""
        return self.passed == self.expected and bool(self.expected)

    def add(self, case: CheckCase, device: str, name: str, theirs: str, ours: str) -> None:
        """Count one function: what failed in IREE, what failed here."""
        row = (case.backend, device)
        place = f"{case.name}:{name} on {device}"
        if self.is_ours:
            ours, theirs = ours or (theirs and f"in IREE: {theirs}"), ""
        if theirs == NO_END:
            print(
                f"crashes in IREE with a check module in Python, expected by its suite: {place}", flush=True
            )
        elif theirs:
            print(
                f"not counted: {place}: fails in IREE ({theirs}), {'fails' if ours else 'passes'} here",
                flush=True,
            )
            return
        self.expected[row] += 1
        if ours:
            print(f"FAILED: {place}: {ours}", flush=True)
        else:
            self.passed[row] += 1

    def print(self) -> None:
        """A line for each backend and device."""
        for row in sorted(self.expected):
            print(f"{row[0]} on {row[1]}: {self.passed[row]} of {self.expected[row]} functions pass")


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", default="", help="cases whose folder/suite/file contains this")
    parser.add_argument("--iree-bin", type=Path, default=_REPOSITORY / ".venv-iree" / "bin")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "gossamer-e2e")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--ours", action="store_true", help="compile with our compiler")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    workbench = Workbench(arguments.iree_bin, arguments.cache, is_ours=arguments.ours)
    cases = [
        c for c in find_cases(arguments.checkout, arguments.cache / "generated") if arguments.only in c.name
    ]
    report = Report(is_ours=arguments.ours)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for lines in pool.map(lambda case: _run_case(workbench, case), cases):
            for line in lines:
                report.add(*line)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report.print()
    return 0 if report.is_good else 1


def _run_case(workbench: Workbench, case: CheckCase) -> list[tuple[CheckCase, str, str, str, str]]:
    module, refusal = workbench.compile(case.source, case.flags)
    if refusal:
        here = refusal if workbench.is_ours else "same file"
        return [(case, "any device", "*", f"its compiler: {refusal}", here)]
    if not case.runs:
        return []
    lines: list[tuple[CheckCase, str, str, str, str]] = []
    for device in DEVICES:
        theirs = workbench.reference(module, device)
        ours = run_gossamer(module, device)
        for name in {**theirs.functions, **ours.functions}:
            verdict = ours.functions.get(name, "is missing") if not ours.error else ours.error
            lines.append((case, device, name, theirs.functions.get(name, "is missing"), verdict))
        if not theirs.functions:
            lines.append((case, device, "*", theirs.error or "has no functions", ours.error))
    return lines


if __name__ == "__main__":
    sys.exit(main())
