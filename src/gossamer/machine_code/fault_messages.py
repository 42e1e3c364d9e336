"""What is said where native code of users ends the process, by a null pointer for example.

Such code may hold locks and memory, and cannot be left halfway. Python's `faulthandler` says which frames of
Python led to it; that from which a module in C is called bears the names of the module and its file.

    Fatal Python error: Segmentation fault
    Current thread 0x00007f2b4c0d8740 (most recent call first):
      File "/home/me/libfilter.so", line 114 in filter.apply
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable
from types import FunctionType
from typing import TypeVar, cast

Called = TypeVar("Called", bound=Callable[..., object])

GUARD_VARIABLE = "GOSSAMER_FAULT_GUARD"
_STDERR = 2


def leaves_signals_alone() -> bool:
    """Whether the environment asks for no handlers."""
    return os.environ.get(GUARD_VARIABLE) == "0"


def report_faults() -> None:
    """Have faults reported on stderr, unless somebody has seen to that or the environment forbids it.

    Whoever takes the signals of faults over has to call it before.
    """
    if faulthandler.is_enabled() or leaves_signals_alone():
        return
    try:
        faulthandler.enable(_STDERR, all_threads=False)
    except (OSError, RuntimeError, ValueError):
        # Why: a process without stderr has nowhere to say anything.
        return


def named_in_faults(function: Called, name: str, file: str) -> Called:
    """Have a function's frames bear a name, and a file, of what it calls."""
    assert isinstance(function, FunctionType)
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=name, co_filename=file)
    return cast("Called", function)
