"""Stress of calls: many threads, several contexts, injected failures and cancellations.

    python tests/stress/call_stress.py                     24 threads, 1,000 calls each, 8 contexts
    python tests/stress/call_stress.py --threads 4 --calls 200 --iree-compile .venv-iree/bin/iree-compile

In: one program compiled for synchronous and asynchronous calls, on `local-sync` and `local-task`, with a
module in Python between. Each call works, fails in a kernel, fails in Python, passes its deadline or is
cancelled. Out: how calls ended and how memory grew; exit code 0 where every call ended right or with its own
error.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np

import gossamer
from gossamer.errors import CancelledError, DeadlineExceededError, StatusError
from gossamer.limits.scope import call_limits
from gossamer.runtime.devices import new_device

_SOURCE = Path(__file__).resolve().parent / "call_stress.mlir"
_ROUNDS = 10
_LONG = 1 << 30
"""Turns of a loop that nobody waits for: only for calls that are stopped."""

Vector = Annotated[np.ndarray, "4xf32"]


class InjectedError(Exception):
    """What the Python module fails with; the text names the call."""


def _check(value: np.ndarray) -> np.ndarray:
    if value[0] < 0:
        raise InjectedError(f"injected {int(value[0])}!")
    return value + 1


@gossamer.module("host")
class Host:
    """For the synchronous program."""

    @gossamer.export
    def check(self, value: Vector) -> Vector:
        return _check(value)


@gossamer.module("host")
class AsyncHost:
    """For the asynchronous one."""

    @gossamer.export
    async def check(self, value: Vector) -> Vector:
        return _check(value)


@dataclass
class Findings:
    """What a run found; shared by its threads.

    Attributes:
        endings: calls by what they did and how they ended.
        faults: calls that ended wrong.
        checks_division: kernels fail where they divide by zero.
    """

    endings: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])
    checks_division: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, ending: str, fault: str = "") -> None:
        """Count a call."""
        with self.lock:
            self.endings[f"{kind}: {ending}"] += 1
            if fault:
                self.faults.append(f"{kind}: {fault}")


def compile_programs(iree_compile: Path | None = None) -> list[bytes]:
    """The program for synchronous calls, and for asynchronous ones.

    Args:
        iree_compile: compile with it, to native code, rather than with ours.
    """
    source = _SOURCE.read_text()
    model = 'attributes {iree.abi.model = "coarse-fences"}'
    texts = [source.replace("HOST_MODEL", ""), source.replace("HOST_MODEL", model)]
    if iree_compile is None:
        return [gossamer.compile_text(text, asynchronous=bool(index)) for index, text in enumerate(texts)]
    command = [str(iree_compile), "--iree-hal-target-device=local", "-", "-o", "-"]
    command += ["--iree-hal-local-target-device-backends=llvm-cpu", "--iree-llvmcpu-target-cpu=host"]
    models = [[], ["--iree-execution-model=async-external"]]
    return [
        subprocess.run([*command, *flags], input=text.encode(), check=True, capture_output=True).stdout
        for text, flags in zip(texts, models, strict=True)
    ]


def make_pipelines(programs: Sequence[bytes], count: int) -> list[gossamer.Pipeline]:
    """Contexts over shared modules: both models, both devices, some with a device of their own."""
    modules = [gossamer.load_module(program) for program in programs]
    pipelines: list[gossamer.Pipeline] = []
    for index in range(count):
        uri = ("local-sync", "local-task")[index // 2 % 2]
        device = new_device(uri) if index % 8 >= 4 else gossamer.get_device(uri)
        pipelines.append(gossamer.Pipeline([(Host, AsyncHost)[index % 2], modules[index % 2]], device=device))
    return pipelines


def close_pipelines(pipelines: Sequence[gossamer.Pipeline]) -> None:
    """Close contexts, and the devices that are theirs alone."""
    for index, pipeline in enumerate(pipelines):
        pipeline.close()
        if index % 8 >= 4:
            pipeline.devices[0].close()


class Caller:
    """One thread's calls.

    Args:
        stopper: calls a function from another thread after some seconds.
    """

    def __init__(self, number: int, findings: Findings, stopper: Stopper) -> None:
        self._generator = random.Random(number)
        self._number = number
        self._findings = findings
        self._stopper = stopper
        self._calls: list[tuple[str, Callable[[gossamer.Pipeline, int], str]]] = [
            ("small", self._small),
            ("small", self._small),
            ("large", self._large),
            ("kernel fails", self._divide),
            ("python", self._python),
            ("python fails", self._python_fails),
            ("cancelled", self._cancelled),
            ("deadline", self._deadline),
        ]

    def call_all(self, pipelines: Sequence[gossamer.Pipeline], indices: range) -> None:
        """Make a call of one of the contexts for each index."""
        for index in indices:
            self._call(self._generator.choice(pipelines), index)

    def _call(self, pipeline: gossamer.Pipeline, index: int) -> None:
        """Make a random call and say how it ended."""
        kind, function = self._generator.choice(self._calls)
        try:
            ending = function(pipeline, index)
        except BaseException as error:
            self._findings.add(kind, "fault", f"{type(error).__name__}: {error}")
        else:
            self._findings.add(kind, ending)

    def _small(self, pipeline: gossamer.Pipeline, index: int) -> str:
        value = np.full(64, -index, np.float32)
        _require((_wait(pipeline.small(value)) == 2 * index).all(), "small is wrong")
        return "right"

    def _large(self, pipeline: gossamer.Pipeline, index: int) -> str:
        value = np.arange(65536, dtype=np.float32)
        value[self._generator.randrange(65536)] = 70000 + index
        _require((_wait(pipeline.large(value)) == 70000 + index - value).all(), "large is wrong")
        return "right"

    def _divide(self, pipeline: gossamer.Pipeline, index: int) -> str:
        divisor = np.full(64, 3, np.int32)
        divisor[index % 64] = 0
        try:
            _wait(pipeline.divide(np.full(64, index, np.int32), divisor))
        except StatusError as error:
            _require("zero" in str(error), f"another error: {error}")
            return "its error"
        # Native code of other compilers may give a number instead.
        _require(not self._findings.checks_division, "a division by zero worked")
        return "undefined"

    def _python(self, pipeline: gossamer.Pipeline, index: int) -> str:
        value = np.full(4, index, np.float32)
        _require((_wait(pipeline.through_python(value)) == 3 * index + 1).all(), "python is wrong")
        return "right"

    def _python_fails(self, pipeline: gossamer.Pipeline, index: int) -> str:
        own = -(self._number * 10_000 + index + 1)
        try:
            _wait(pipeline.through_python(np.full(4, own, np.float32)))
        except Exception as error:
            text = f"{error} {error.__cause__}"
            _require(f"injected {2 * own}!" in text, f"the error of another call than {2 * own}: {text}")
            return "its error"
        raise AssertionError("a failure of Python was lost")

    def _cancelled(self, pipeline: gossamer.Pipeline, index: int) -> str:
        value = np.zeros(64, np.float32)
        after = self._generator.choice((0.0, 0.0, 0.0005, 0.002))
        count = self._generator.choice((1, 100, _LONG))
        scope = call_limits()
        try:
            with scope:
                if self._generator.random() < 0.2:
                    scope.cancel()
                else:
                    self._stopper.after(after, scope.cancel)
                result = _wait(pipeline.repeat(value, count))
        except CancelledError:
            return "cancelled"
        _require((result == count).all() and count != _LONG, "repeat is wrong")
        return "right"

    def _deadline(self, pipeline: gossamer.Pipeline, index: int) -> str:
        count = self._generator.choice((1, 100, _LONG))
        try:
            with call_limits(timeout=self._generator.choice((0.0, 0.001, 0.003))):
                result = _wait(pipeline.repeat(np.zeros(64, np.float32), count))
        except DeadlineExceededError:
            return "deadline"
        _require((result == count).all() and count != _LONG, "repeat is wrong")
        return "right"


class Stopper:
    """One thread that calls functions after a while."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: list[tuple[float, Callable[[], None]]] = []
        self._is_closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def after(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function in some seconds."""
        with self._condition:
            self._waiting.append((time.monotonic() + seconds, function))
            self._condition.notify()

    def close(self) -> None:
        """End the thread."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if self._is_closed:
                    return
                now = time.monotonic()
                due = [function for at, function in self._waiting if at <= now]
                self._waiting = [(at, function) for at, function in self._waiting if at > now]
                if not due:
                    self._condition.wait(min((at - now for at, _ in self._waiting), default=None))
            for function in due:
                function()


def _wait(result: Any) -> Any:
    return result.result(60.0) if isinstance(result, gossamer.Invocation) else result


def _require(holds: Any, message: str) -> None:
    if not holds:
        raise AssertionError(message)


def run(
    threads: int,
    calls: int,
    contexts: int,
    *,
    patience_seconds: float,
    programs: Sequence[bytes] = (),
) -> tuple[Findings, dict[str, float]]:
    """Make all calls.

    Args:
        calls: of each thread; made in rounds with contexts of their own, memory is read between.
        programs: see `compile_programs`, which makes them by default.
        patience_seconds: for a round; then the process says where its threads are, and ends.
    Returns: how calls ended, and how much was held more at the end than after the fourth round of ten.
    """
    sys.path.append(str(_SOURCE.parent.parent / "fuzz"))
    from process_resources import read_resources

    findings = Findings(checks_division=not programs)
    stopper = Stopper()
    programs = programs or compile_programs()
    callers = [Caller(number, findings, stopper) for number in range(threads)]
    early: dict[str, float] = {}
    interval = sys.getswitchinterval()
    for number in range(_ROUNDS):
        if number == 4:
            early = read_resources()
        faulthandler.dump_traceback_later(patience_seconds, exit=True)
        # Why: threads that take turns more often meet in more places.
        sys.setswitchinterval(1e-5 if number % 2 else interval)
        indices = range(calls * number // _ROUNDS, calls * (number + 1) // _ROUNDS)
        pipelines = make_pipelines(programs, contexts)
        _run_threads([partial(caller.call_all, pipelines, indices) for caller in callers])
        close_pipelines(pipelines)
        del pipelines
    faulthandler.cancel_dump_traceback_later()
    sys.setswitchinterval(interval)
    late = read_resources()
    stopper.close()
    return findings, {name: late[name] - early[name] for name in late}


def _run_threads(targets: list[Callable[[], Any]]) -> None:
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=24)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--contexts", type=int, default=8)
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for a tenth of the calls")
    parser.add_argument("--iree-compile", type=Path, help="compile the program with it, to native code")
    arguments = parser.parse_args()
    findings, growth = run(
        arguments.threads,
        arguments.calls,
        arguments.contexts,
        patience_seconds=arguments.patience,
        programs=compile_programs(arguments.iree_compile) if arguments.iree_compile else (),
    )
    for name, number in sorted(findings.endings.items()):
        print(f"{number:8} {name}")
    print(f"{len(findings.faults):8} faults")
    print("\n".join(findings.faults[:20]))
    figures = ", ".join(f"{name} {value:+.0f}" for name, value in growth.items())
    print(f"growth over the last six tenths: {figures}")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
