"""Worker threads that share the workgroups of a dispatch with the thread that runs it.

Workers live in native code without the interpreter lock; they start with the first use of a pool.
"""

from __future__ import annotations

import os
import threading
from functools import partial

import numpy as np

from gossamer.abi.memory_flags import ALIGNMENT
from gossamer.drivers.local.ir.pool_layout import MAXIMUM_PARTICIPANTS, POOL_BYTES, POOL_FIELDS
from gossamer.drivers.local.runner.native_runner import native_functions
from gossamer.drivers.local.workers.worker_options import DEFAULT_WORKERS, WorkerOptions
from gossamer.processor.host import usable_processor_count


class TilePool:
    """A pool of native workers.

    Attributes:
        participants: threads that share a dispatch: the workers and the thread that runs it.
    """

    def __init__(self, participants: int, options: WorkerOptions = DEFAULT_WORKERS) -> None:
        self.participants = min(max(participants, 1), MAXIMUM_PARTICIPANTS)
        self._options = options
        self._lock = threading.Lock()
        self._process = 0
        self._threads: list[threading.Thread] = []
        self._memory = np.zeros(0, np.uint8)
        self._address = 0

    @property
    def address(self) -> int:
        """Address of the pool for the native runner, its workers started; 0 where there are none."""
        if self.participants == 1:
            return 0
        if self._process != os.getpid():
            self._start()
        return self._address

    @property
    def thread_identifiers(self) -> tuple[int, ...]:
        """Of the workers, as `threading.get_ident` has them."""
        return tuple(thread.ident for thread in self._threads if thread.ident is not None)

    def close(self) -> None:
        """Stop the workers; nothing may be running on the pool."""
        with self._lock:
            if not self._address or self._process != os.getpid():
                return
            shut_down = native_functions().shut_down
            assert shut_down is not None
            shut_down(self._address)
            for thread in self._threads:
                thread.join()
            self._threads = []
            self._address = 0
            self._process = 0

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            # Threads do not survive a fork, and the control word may have been copied mid-job: start anew.
            self._address = 0
            work = native_functions().work
            if work is not None:
                self._memory = np.zeros(POOL_BYTES + ALIGNMENT, np.uint8)
                start: int = self._memory.ctypes.data
                address = (start + ALIGNMENT - 1) & -ALIGNMENT
                words = self._memory[address - start :][:POOL_BYTES].view(np.uint32)
                words[POOL_FIELDS["participants"].offset // 4] = self.participants
                words[POOL_FIELDS["crowded"].offset // 4] = self.participants > usable_processor_count()
                # Safety: workers use the memory until `close` has joined them; the process ends otherwise.
                self._threads = [
                    threading.Thread(
                        target=self._options.pinned(index, partial(work, address, index)),
                        name=f"tiles-{index}",
                        daemon=True,
                    )
                    for index in range(1, self.participants)
                ]
                with self._options.starting_threads():
                    for thread in self._threads:
                        thread.start()
                self._address = address
            self._process = os.getpid()
