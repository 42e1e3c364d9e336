"""Command buffers: commands recorded once and executed any number of times.

In: commands (see `command_recorder`), then binding tables. Out: one program for the device's runner;
executing it with a table only packs addresses. All devices take the same recordings, so there are no kinds
of command buffers; what becomes of a program is the device's affair. Mirrors `iree/hal/command_buffer.h`.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import final

from gossamer.abi.command_flags import CommandBufferMode, CommandCategory
from gossamer.errors import FailedPreconditionError
from gossamer.hal.command.binding_table import Binding, FittingLayouts
from gossamer.hal.command.command_program import CommandProgram, join_records
from gossamer.hal.command.command_recorder import CommandRecorder
from gossamer.hal.command.program_reader import expected_nanoseconds
from gossamer.hal.command.program_relocation import relocate_program
from gossamer.hal.command.runner import Runner, RunnerMaker
from gossamer.hal.memory.buffer import Buffer
from gossamer.limits.scope import CallScope

# A plain number: operations of flags take many times as long.
_ONE_SHOT = int(CommandBufferMode.ONE_SHOT)
_NO_LAYOUTS = FittingLayouts()


@final
class CommandBuffer(CommandRecorder):
    """Commands being recorded, or recorded: `is_recording` until `finalize`.

    Attributes:
        mode: bits of CommandBufferMode.
        layouts: which binding tables need no `prepare`; none until `finalize`.
    """

    __slots__ = (
        "__weakref__",
        "_expected_nanoseconds",
        "_is_submitted",
        "_make_runner",
        "_program",
        "_runner",
        "layouts",
        "mode",
    )

    def __init__(
        self,
        mode: int = 0,
        categories: int = CommandCategory.ANY,
        binding_capacity: int = 0,
        make_runner: RunnerMaker | None = None,
    ) -> None:
        """Start recording; see `Device.create_command_buffer`.

        Args:
            mode: bits of CommandBufferMode.
            categories: bits of CommandCategory; commands of others are refused.
            binding_capacity: slots of binding tables that commands may name.
            make_runner: of the device; None for a recording that is only read.
        """
        super().__init__(categories, binding_capacity)
        self.mode = mode
        self.layouts = _NO_LAYOUTS
        self._expected_nanoseconds: int | None = None
        self._is_submitted = False
        self._make_runner = make_runner
        self._program: CommandProgram | None = None
        self._runner: Runner | None = None

    @property
    def program(self) -> CommandProgram:
        """What was recorded.

        Raises: FailedPreconditionError before `finalize`.
        """
        if self._program is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        return self._program

    @property
    def binding_count(self) -> int:
        """Least length of a binding table for this command buffer."""
        return self.slots.count

    @property
    def binding_capacity(self) -> int:
        """Slots that commands may name."""
        return self.slots.capacity

    @property
    def expected_nanoseconds(self) -> int | None:
        """How long an execution takes; None where that is not known."""
        if self._expected_nanoseconds is None and self._program is not None:
            # Why not for others: they are measured, which tells more, when they run first.
            uses_times = bool(self.mode & _ONE_SHOT)
            self._expected_nanoseconds = expected_nanoseconds(self._program, uses_times=uses_times)
        return self._expected_nanoseconds

    @expected_nanoseconds.setter
    def expected_nanoseconds(self, nanoseconds: int) -> None:
        self._expected_nanoseconds = nanoseconds

    def finalize(self) -> None:
        """End recording; commands can be executed from now on and no more can be added.

        Raises: FailedPreconditionError when finalized before or with a debug group open.
        """
        if self._program is not None:
            raise FailedPreconditionError("command buffer is not in a recording state")
        if self._debug_group_depth:
            raise FailedPreconditionError(
                f"unbalanced debug group depth (expected 0, is {self._debug_group_depth})"
            )
        program = join_records(self.records, self.functions, has_indirect_counts=self._has_indirect_counts)
        self.slots.finalize()
        if not self.mode & _ONE_SHOT:
            self.layouts = FittingLayouts(self.slots)
        self._end_recording(program)

    def prepare(self, bindings: Sequence[Binding]) -> bytes:
        """Check a binding table and pack it for the runner.

        The caller keeps the table's buffers alive until the execution is done.

        Raises: InvalidArgumentError, OutOfRangeError or PermissionDeniedError where it does not serve
        the recorded commands.
        """
        if self._program is None:
            raise FailedPreconditionError("command buffer is still being recorded; finalize it first")
        if self.mode & _ONE_SHOT:
            if self._is_submitted:
                raise FailedPreconditionError("one-shot command buffer was submitted before")
            self._is_submitted = True
        return self.slots.pack(bindings)

    def run(
        self,
        table: bytes,
        keepalive: Sequence[object] = (),
        scope: CallScope | None = None,
        shares_work: bool = False,
    ) -> None:
        """Execute the commands now, on this thread.

        Args:
            table: what `prepare` returned, or a table of one of `layouts`.
            keepalive: what it was made of, whose buffers must live until this returns.
            scope: whose calls this is part of; between workgroups it is asked whether to go on.
            shares_work: share long dispatches with the device's workers.
        Raises: the error of the first dispatch that fails, or the scope's; what ran before has taken effect.
        """
        runner = self._runner
        if runner is None:
            raise FailedPreconditionError(
                "command buffer is still being recorded; finalize it first"
                if self._program is None
                else "command buffer was made without a device; Device.create_command_buffer makes one to run"
            )
        runner(table, shares_work, scope)

    def record_duration(self, nanoseconds: int) -> None:
        """Learn from an execution; the shortest counts, for others may have been interrupted."""
        program = self.program
        if program.is_native and not program.has_indirect_counts:
            expected = self.expected_nanoseconds
            self.expected_nanoseconds = nanoseconds if expected is None else min(expected, nanoseconds)

    def fork_copy(self, memo: dict[int, object]) -> CommandBuffer:
        """Copy for another state of a program, working on that state's copies of the buffers it names."""
        buffers = [resource for resource in self.resources if isinstance(resource, Buffer)]
        copies = [buffer.fork_copy(memo) for buffer in buffers]
        if self._program is None or all(map(is_, buffers, copies)):
            return self
        addresses = {buffer.address: copy.address for buffer, copy in zip(buffers, copies, strict=True)}
        fork = CommandBuffer(self.mode, self.categories, 0, self._make_runner)
        fork.slots = self.slots
        fork.layouts = self.layouts
        fork.resources = [resource for resource in self.resources if not isinstance(resource, Buffer)]
        fork.resources += copies
        fork._is_submitted = self._is_submitted
        fork._end_recording(relocate_program(self._program, addresses))
        return fork

    def _end_recording(self, program: CommandProgram) -> None:
        self._runner = None if self._make_runner is None else self._make_runner(program)
        self._program = program
        self.is_recording = self.records_dispatches = False
        self.records.clear()
        self.functions.clear()
