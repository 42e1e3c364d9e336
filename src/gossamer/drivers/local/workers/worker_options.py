"""How the workers of a device are set up."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from gossamer.errors import ResourceExhaustedError, StatusError

_stack_size_lock = threading.Lock()
_INTERPRETER_STACK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What a user may choose about workers.

    Attributes:
        count: threads, or None for one on each processor.
        processors: ids of processors that workers stay on, in turn; none lets them run anywhere.
        stack_bytes: that kernels can use of a worker's stack, at least; 0 for the system's default.
        local_memory_bytes: most scratch memory that a workgroup may ask for; 0 for no limit of ours.
        abort_on_failure: end the process at the first operation that fails, for debuggers.
    """

    count: int | None = None
    processors: tuple[int, ...] = ()
    stack_bytes: int = 0
    local_memory_bytes: int = 0
    abort_on_failure: bool = False

    def pinned(self, index: int, work: Callable[[], None]) -> Callable[[], None]:
        """What a worker's thread runs: it goes to its processor, then to work."""

        def run() -> None:
            if self.processors and hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, {self.processors[index % len(self.processors)]})
            work()

        return run

    @property
    def restricts_work(self) -> bool:
        """True where work must go through a worker even if it is brief."""
        return bool(self.local_memory_bytes or self.abort_on_failure)

    @property
    def are_special(self) -> bool:
        """True where workers are not like other threads, so that no other can do their work."""
        return bool(self.processors or self.stack_bytes) or self.restricts_work

    def check_local_memory(self, needed_bytes: int) -> None:
        """Raise ResourceExhaustedError where a workgroup asks for more scratch memory than there may be."""
        if self.local_memory_bytes and needed_bytes > self.local_memory_bytes:
            raise ResourceExhaustedError(
                f"dispatch needs {needed_bytes} bytes of local memory for each worker, "
                f"which has {self.local_memory_bytes}"
            )

    def abort_if_asked(self, error: StatusError) -> None:
        """End the process where that was asked for, with the error on stderr."""
        if self.abort_on_failure:
            sys.stderr.write(f"gossamer: queue operation failed, aborting as asked: {error}\n")
            sys.stderr.flush()
            os.abort()

    @contextmanager
    def starting_threads(self) -> Generator[None]:
        """Threads started inside get the stack asked for, where that is more than the default."""
        if not self.stack_bytes:
            yield
            return
        with _stack_size_lock:
            before = threading.stack_size()
            wanted = self.stack_bytes + _INTERPRETER_STACK_BYTES + 4095 & -4096
            threading.stack_size(max(wanted, before) if before else max(wanted, 8 << 20))
            try:
                yield
            finally:
                threading.stack_size(before)


DEFAULT_WORKERS = WorkerOptions()
