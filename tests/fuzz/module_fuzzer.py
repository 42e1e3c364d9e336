"""Mutated modules, loaded and called under limits, in child processes that may die or hang.

    python tests/fuzz/module_corpus.py --output corpus --iree .venv-iree/bin
    python tests/fuzz/module_fuzzer.py corpus --count 100000 --seed 1
    python tests/fuzz/module_fuzzer.py corpus --count 10000 --seed 1 --reference .venv-iree/bin/python

In: a corpus (see `module_corpus`) and seeds; each seed is one case (see `fuzz_case`). Out: how many cases
ended how, failures with their seeds, and how the memory, objects, mappings and files of a child grow.
`--count 1 --seed S` runs one case alone. With `--reference` the same files go through IREE's runtime.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import random
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from file_mutations import mutate
from module_corpus import Entry, read_corpus
from module_fields import FileMap, map_file

BATCH = 10_000
SECONDS_PER_CASE = 30.0
"""After this long without a word a child hangs; cases take milliseconds, machines may be busy."""

_MOST_REPEATED = 500

_FOLDER = Path(__file__).resolve().parent


class Case(NamedTuple):
    """A mutated file.

    Attributes:
        entry: of the corpus it was made from.
        has_native_code: there are native executables in it.
    """

    seed: int
    entry: Entry
    data: bytes
    has_native_code: bool


class Corpus:
    """The good files, and the mutations of them by seed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = read_corpus(folder)
        self._files = [(folder / entry.file).read_bytes() for entry in self.entries]
        self._maps: list[FileMap | None] = [None] * len(self.entries)

    def case(self, seed: int) -> Case:
        """The case of a seed."""
        generator = random.Random(seed)
        index = generator.randrange(len(self.entries))
        file_map = self._map(index)
        data = mutate(self._files[index], generator, file_map)
        return Case(seed, self.entries[index], data, bool(file_map.elves))

    def libraries(self) -> list[bytes]:
        """Every native executable, as it was."""
        found = {
            self._files[index][place.start : place.stop]
            for index in range(len(self.entries))
            for place in self._map(index).elves
        }
        return sorted(found)

    def _map(self, index: int) -> FileMap:
        found = self._maps[index]
        if found is None:
            found = self._maps[index] = map_file(self._files[index])
        return found


@dataclass
class Report:
    """What a run found.

    Attributes:
        outcomes: cases by the name of how they ended.
        examples: seeds of outcomes.
        failures: one text each, with the seed.
        growth: by resource, of each child: what repeating cases leaks, for 10,000 cases.
        slowest_seconds: of one case.
    """

    outcomes: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, list[int]] = field(default_factory=dict[str, "list[int]"])
    failures: list[str] = field(default_factory=list[str])
    growth: dict[str, list[float]] = field(default_factory=dict[str, "list[float]"])
    slowest_seconds: float = 0.0

    def text(self) -> str:
        """The report, for people."""
        lines = [
            f"{number:8} {name} (seed {', '.join(map(str, self.examples.get(name, [])[:4]))})"
            for name, number in self.outcomes.most_common()
        ]
        lines += [f"{len(self.failures):8} failures", *self.failures]
        lines += [f"slowest case: {self.slowest_seconds:.2f} s"]
        for name, values in self.growth.items():
            lines.append(f"leak of {name} for 10,000 cases: {', '.join(f'{value:+.1f}' for value in values)}")
        return "\n".join(lines)


def run_batch(folder: Path, first_seed: int, count: int) -> None:
    """Run cases in this process, telling the parent about each before and after.

    The last cases run four times more: what is held more after the last time than before leaks. New cases
    also fill caches of bounded size and leave gaps in the heap, so that they tell less.
    """
    from fuzz_case import CaseRunner
    from process_resources import read_resources

    corpus = Corpus(folder)
    runner = CaseRunner(folder, corpus.libraries())
    say = _Voice()

    def run_case(seed: int) -> None:
        case = corpus.case(seed)
        say({"start": seed})
        faulthandler.dump_traceback_later(SECONDS_PER_CASE, exit=True)
        begun = time.monotonic()
        outcome = runner.run(case.data, case.entry.file, case.entry.before)
        seconds = round(time.monotonic() - begun, 3)
        if seed not in done:
            say({"seed": seed, "outcome": outcome, "seconds": seconds})
            done.add(seed)

    done: set[int] = set()
    for seed in range(first_seed, first_seed + count):
        run_case(seed)
    repeated = min(count, _MOST_REPEATED, max(count // 20, 10))
    readings: list[dict[str, float]] = []
    for _ in range(5):
        for seed in range(first_seed + count - repeated, first_seed + count):
            run_case(seed)
        readings.append(read_resources())
    faulthandler.cancel_dump_traceback_later()
    scale = 10_000 / repeated
    say({"growth": {name: _steady_growth([each[name] for each in readings]) * scale for name in readings[0]}})


def _steady_growth(values: list[float]) -> float:
    """What comes with every repetition: a leak is in each of the last three differences, a memo in one."""
    return max(min(after - before for before, after in list(pairwise(values))[-3:]), 0)


class _Voice:
    """Says lines to the parent; programs that print must not get between them."""

    def __init__(self) -> None:
        self._output = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def __call__(self, row: dict[str, Any]) -> None:
        self._output.write(json.dumps(row) + "\n")
        self._output.flush()


def fuzz(folder: Path, seed: int, count: int, *, batch: int = BATCH) -> Report:
    """Run cases in child processes."""
    report = Report()
    position, end = seed, seed + count
    environment = {"GOSSAMER_CACHE_DIR": tempfile.mkdtemp(prefix="fuzz-cache-")} | dict(os.environ)
    while position < end:
        size = min(batch, end - position)
        command = [sys.executable, str(_FOLDER / Path(__file__).name), str(folder), "--batch"]
        command += ["--seed", str(position), "--count", str(size)]
        position = follow_child(command, environment, report, position, size)
    return report


def follow_child(
    command: list[str],
    environment: dict[str, str] | None,
    report: Report,
    first: int,
    count: int,
    patience_seconds: float = SECONDS_PER_CASE,
) -> int:
    """Watch one child to its end; where the next one starts."""
    last = first
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=environment)
        is_silent = False
        for row in _rows(child, patience_seconds):
            if row is None:
                is_silent = True
                child.kill()
                break
            last = row.get("start", last)
            if "outcome" in row:
                report.outcomes[row["outcome"]] += 1
                report.examples.setdefault(row["outcome"], []).append(row["seed"])
                report.slowest_seconds = max(report.slowest_seconds, row["seconds"])
            for name, value in row.get("growth", {}).items():
                report.growth.setdefault(name, []).append(value)
        if child.wait() == 0:
            return first + count
        errors.seek(0)
        text = errors.read()
        is_hang = is_silent or text.startswith("Timeout (")
        reason = "hang" if is_hang else f"process ended with {child.returncode}"
        report.failures.append(f"seed {last}: {reason}: {text[:2000]}")
    return last + 1


_START_SECONDS = 300.0
"""For a child to read its corpus, before it says anything."""


def _rows(child: subprocess.Popen[bytes], patience_seconds: float) -> Iterator[dict[str, Any] | None]:
    """What a child says; None once when it is silent for too long."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector, child.stdout:
        selector.register(child.stdout, selectors.EVENT_READ)
        rest, patience = b"", max(_START_SECONDS, patience_seconds)
        while True:
            # Why longer than the child's own patience: where it can, it says where it hangs, and ends.
            if not selector.select(patience + 5):
                yield None
                return
            piece, patience = os.read(child.stdout.fileno(), 1 << 16), patience_seconds
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            yield from map(json.loads, lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--reference", type=Path, help="a Python that has IREE's runtime: run the cases there"
    )
    parser.add_argument("--batch", action="store_true", help="run in this process (used by the parent)")
    arguments = parser.parse_args()
    if arguments.batch:
        run_batch(arguments.corpus, arguments.seed, arguments.count)
        return 0
    if arguments.reference is not None:
        from reference_fuzzer import fuzz_reference

        report = fuzz_reference(arguments.reference, arguments.corpus, arguments.seed, arguments.count)
    else:
        report = fuzz(arguments.corpus, arguments.seed, arguments.count)
    print(report.text())
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
