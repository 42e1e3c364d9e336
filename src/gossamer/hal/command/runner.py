"""What runs command programs: each device hands one in with the command buffers that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.hal.command.command_program import CommandProgram
from gossamer.limits.scope import CallScope

Runner: TypeAlias = Callable[[bytes, bool, CallScope | None], None]
"""Runs one program on the calling thread.

Its arguments are a binding table (u64 address and length for each slot, checked), whether long dispatches may
be shared with other threads of the device, and the scope of calls it is part of, which is asked between
workgroups whether to go on. Raises the error of the first dispatch that fails; what ran before has taken
effect.
"""

RunnerMaker: TypeAlias = Callable[[CommandProgram], Runner]
"""Makes the runner of a program, once its command buffer is finalized."""
