"""Compiles a corpus: `python tests/replay/compile_corpus.py CORPUS OUT [--jobs=2]`.

The compiler is the one on Python's path: `PYTHONPATH=OTHER/src` takes another checkout's. For each case OUT
gets `NAME.vmfb`, what the compiler writes, if it does, and `NAME.log`, what it prints and the code it ends
with, if that is anything but silent success. Each case has a process of its own: a crash is a result, too.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from pathlib import Path

from replay_corpus import Case, read_cases

import gossamer
from gossamer.tools import iree_compile

_TIME_LIMIT_SECONDS = 300
os.environ["GOSSAMER_COMPILE_CACHE"] = "0"


def _compile(case: Case, out: Path) -> None:
    log = out / f"{case.name}.log"
    child = os.fork()
    if child == 0:
        signal.alarm(_TIME_LIMIT_SECONDS)
        file = os.open(log, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, 1)
        os.dup2(file, 2)
        # A name without a folder: messages and locations must not depend on where the corpus is.
        sys.exit(iree_compile.main([*case.flags, case.source.name, "-o", str(out / f"{case.name}.vmfb")]))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        with log.open("a") as file:
            file.write(f"exit code {code}\n")
    elif not log.stat().st_size:
        log.unlink()


def main() -> None:
    """Compile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    out: Path = options.out.resolve()
    out.mkdir(parents=True)
    cases = read_cases(options.corpus.resolve())
    os.chdir(options.corpus)
    # Why here: every process starts with the compiler in memory.
    importlib.import_module("gossamer.compiler.pipeline")
    print(f"{len(cases)} cases, compiled by {gossamer.__file__}", flush=True)
    workers: list[int] = []
    for index in range(options.jobs):
        workers.append(os.fork())
        if not workers[-1]:
            for case in cases[index :: options.jobs]:
                _compile(case, out)
            os._exit(0)
    for worker in workers:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main()
