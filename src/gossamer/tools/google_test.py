"""Runs tests and prints what happens as Google Test does, for tools that read its output."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gossamer.errors import StatusError


@dataclass(frozen=True, slots=True)
class GoogleTest:
    """One test.

    Attributes:
        suite, name: make its full name `suite.name`.
        parameter: shown with failures.
        run: runs it and calls its argument with the text of each failure; an error raised is one more.
    """

    suite: str
    name: str
    parameter: str
    run: Callable[[Callable[[str, str], None]], None]

    @property
    def full_name(self) -> str:
        """`suite.name`."""
        return f"{self.suite}.{self.name}"

    @property
    def described(self) -> str:
        """Full name and parameter."""
        return f"{self.full_name}, where GetParam() = {self.parameter}"


def select_tests(tests: Sequence[GoogleTest], patterns: str) -> list[GoogleTest]:
    """Tests that a `--gtest_filter=` selects: `a:b*-c` is what matches `a` or `b*` and not `c`."""
    positive, _, negative = patterns.partition("-")
    return [
        test
        for test in tests
        if _matches(test.full_name, positive or "*") and not (negative and _matches(test.full_name, negative))
    ]


def _matches(name: str, patterns: str) -> bool:
    # Why: brackets are ordinary characters in a filter of Google Test.
    return any(fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns.split(":"))


def list_tests(tests: Sequence[GoogleTest]) -> str:
    """What `--gtest_list_tests` prints."""
    lines: list[str] = []
    for suite in dict.fromkeys(test.suite for test in tests):
        lines.append(f"{suite}.")
        lines += [f"  {test.name}  # GetParam() = {test.parameter}" for test in tests if test.suite == suite]
    return "\n".join(lines)


def run_tests(tests: Sequence[GoogleTest], *, fail_fast: bool = False) -> bool:
    """Run tests of one suite in order. Returns: True where none failed."""
    suites = _count(len({test.suite for test in tests}), "test suite")
    total = f"{_count(len(tests), 'test')} from {suites}"
    print(f"[==========] Running {total}.")
    print("[----------] Global test environment set-up.")
    started = time.perf_counter()
    failed: list[GoogleTest] = []
    if tests:
        count = f"{_count(len(tests), 'test')} from {tests[0].suite}"
        print(f"[----------] {count}")
        for test in tests:
            if not _run_test(test):
                failed.append(test)
                if fail_fast:
                    break
        print(f"[----------] {count} ({_milliseconds(started)} ms total)\n")
    print("[----------] Global test environment tear-down")
    print(f"[==========] {total} ran. ({_milliseconds(started)} ms total)")
    print(f"[  PASSED  ] {_count(len(tests) - len(failed), 'test')}.")
    if failed:
        print(f"[  FAILED  ] {_count(len(failed), 'test')}, listed below:")
        for test in failed:
            print(f"[  FAILED  ] {test.described}")
        print(f"\n{len(failed):2} FAILED TEST{'S' if len(failed) != 1 else ''}")
    return not failed


def _run_test(test: GoogleTest) -> bool:
    failures = 0

    def fail(place: str, text: str) -> None:
        nonlocal failures
        failures += 1
        print(f"{place}: Failure\n{text}\n")

    print(f"[ RUN      ] {test.full_name}", flush=True)
    started = time.perf_counter()
    try:
        test.run(fail)
    except StatusError as error:
        fail(test.full_name, f"Value of: status\nExpected: is OK\n  Actual: {error}")
    if failures:
        print(f"[  FAILED  ] {test.described} ({_milliseconds(started)} ms)")
    else:
        print(f"[       OK ] {test.full_name} ({_milliseconds(started)} ms)")
    return not failures


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _milliseconds(started: float) -> int:
    return int((time.perf_counter() - started) * 1000)
