"""A pool of processes that compile LLVM IR, kept for the programs to come.

LLVM holds one lock for all its work in a process, and ends the process where it meets what it cannot compile:
so it never runs in this one. The first worker is started as soon as it is known to be needed, and gets ready
while the program is on its way through earlier phases.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from gossamer.compiler.target.llvm_cpu.worker import read_message, write_message
from gossamer.errors import InternalError
from gossamer.processor.host import usable_processor_count

_STARTUP = (
    "import sys; sys.path[:] = {path!r}; from gossamer.compiler.target.llvm_cpu.worker import main; "
    "main({options!r})"
)
_REQUESTS_PER_WORKER = 8
"""Where there are fewer requests, starting another worker takes longer than it saves."""


class _Worker:
    """One process."""

    def __init__(self, options: tuple[str, ...]) -> None:
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        # Why not the site packages' own startup: what is imported is found by the path that is passed on.
        command = [sys.executable, "-S", "-E", "-c", _STARTUP.format(path=sys.path, options=options)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._messages
        )

    def ask(self, request: object) -> object:
        """The answer to a request.

        Raises: EOFError with what the process said last where it ended; RuntimeError as the worker raised it.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            write_message(stdin, request)
            answer = read_message(stdout)
        except (EOFError, BrokenPipeError):
            raise EOFError(_reason(self.close())) from None
        if isinstance(answer, RuntimeError):
            raise answer
        return answer

    def close(self) -> str:
        """End the process. Returns: what it said."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
        with self._messages:
            self._messages.seek(0)
            return self._messages.read().decode(errors="replace")


def _reason(messages: str) -> str:
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    telling = [line for line in lines if "LLVM ERROR" in line or "rror:" in line]
    return (telling or lines or ["it said nothing"])[-1]


class Workers:
    """Workers that wait for requests, and threads that wait for workers.

    Args:
        options: flags of LLVM's own; a process has one set of them for good.
    """

    def __init__(self, options: tuple[str, ...] = ()) -> None:
        self._options = options
        self._objection: str | None = None if options else ""
        self.owner = os.getpid()
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._count = 0
        self._threads: ThreadPoolExecutor | None = None

    def prepare(self, request_count: int = 1) -> None:
        """Start as many workers as so many requests are worth, if there are not as many already."""
        wanted = min(usable_processor_count(), -(-request_count // _REQUESTS_PER_WORKER))
        while self._count < wanted:
            self._idle.put(_Worker(self._options))
            self._count += 1
        if self._threads is None or self._threads._max_workers < self._count:
            self._threads = ThreadPoolExecutor(self._count, "llvm")

    def submit(self, name: str, *arguments: object) -> Future[object]:
        """Have a function of `llvm` called.

        Returns: the answer; waiting for it raises InternalError where LLVM could not give one.
        """
        self.prepare()
        assert self._threads is not None
        return self._threads.submit(self._answer, (name, *arguments))

    def _answer(self, request: object) -> object:
        worker = self._idle.get()
        try:
            answer = worker.ask(request)
        except EOFError as error:
            worker = _Worker(self._options)
            raise InternalError(f"LLVM ended while it compiled a kernel: {error}") from None
        except RuntimeError as error:
            raise InternalError(f"LLVM rejects the code made for it: {error}") from None
        finally:
            self._idle.put(worker)
        return answer

    def objection(self) -> str:
        """What LLVM says against the options; "" where it takes them."""
        if self._objection is None:
            worker = _Worker(self._options)
            try:
                worker.ask(("host_cpu",))
            except EOFError as error:
                self._objection = str(error)
            else:
                self._objection = ""
                self._idle.put(worker)
                self._count += 1
        return self._objection

    def close(self) -> None:
        """End all processes."""
        if self._threads is not None:
            self._threads.shutdown()
        for _ in range(self._count):
            messages = self._idle.get().close()
            if self._options:
                # Why: many flags of LLVM's ask for prints.
                sys.stderr.write(messages)
        self._count, self._threads = 0, None


@cache
def _workers_of(process: int, options: tuple[str, ...]) -> Workers:
    workers = Workers(options)
    atexit.register(_close, workers)
    return workers


def _close(workers: Workers) -> None:
    if workers.owner == os.getpid():
        workers.close()


def shared_workers(options: tuple[str, ...] = ()) -> Workers:
    """The workers of this process with some flags of LLVM's; a child of it starts its own."""
    return _workers_of(os.getpid(), options)
