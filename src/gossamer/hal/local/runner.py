"""Chooses how a program runs: natively in one call, or record by record in Python.

Python runs it where a kernel is a Python callable or where this machine has no LLVM to build the runner with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from gossamer.hal.local.native_runner import native_run_function, run_native
from gossamer.hal.local.program import Program
from gossamer.hal.local.python_runner import run_python

Runner: TypeAlias = Callable[[Program, bytes], None]


@cache
def has_native_runner() -> bool:
    """True where the native runner can be built; asked once a process."""
    try:
        native_run_function()
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def runner_for(program: Program) -> Runner:
    """The quickest runner that can run a program."""
    if program.is_native and has_native_runner():
        return run_native
    return run_python
