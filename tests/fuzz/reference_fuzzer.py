"""The same mutated files through IREE's runtime, in child processes that may die or hang.

In: a Python that has `iree.runtime`, a corpus, seeds. Out: a report like the fuzzer's; crashes and hangs are
counted apart for programs with native executables, whose code IREE runs on whatever memory a changed program
gives it. The children run `reference_cases.py`, which knows nothing of ours.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from fuzz_arguments import plan_arguments
from fuzz_case import Host
from module_fuzzer import Corpus, Report, follow_child

from gossamer.runtime.loading import load_module

_BATCH = 500
_SECONDS_PER_CASE = 10.0
_SCRIPT = Path(__file__).resolve().parent / "reference_cases.py"


def fuzz_reference(python: Path, folder: Path, seed: int, count: int) -> Report:
    """Run the cases of some seeds."""
    assert load_module(Host).name == "host"
    corpus = Corpus(folder)
    report = Report()
    plans = {
        entry.file: plan_arguments(load_module((folder / entry.file).read_bytes()))
        for entry in corpus.entries
    }
    position, end = seed, seed + count
    with tempfile.TemporaryDirectory(prefix="fuzz-reference-") as name:
        cases = Path(name)
        (cases / "plans.json").write_text(json.dumps(plans))
        while position < end:
            size = min(_BATCH, end - position)
            kinds = _write_cases(corpus, cases, position, size)
            batch_end = position + size
            while position < batch_end:
                command = [str(python), str(_SCRIPT), str(folder), str(cases), str(position), str(batch_end)]
                failed_before = len(report.failures)
                position = follow_child(
                    command, None, report, position, batch_end - position, _SECONDS_PER_CASE
                )
                if len(report.failures) > failed_before:
                    _classify(report, kinds[position - 1])
            for path in cases.glob("*.vmfb"):
                path.unlink()
    return report


def _write_cases(corpus: Corpus, cases: Path, first: int, count: int) -> dict[int, str]:
    """Write the files and what is loaded before each; what kind of program each is, by seed."""
    kinds: dict[int, str] = {}
    rows: dict[int, tuple[str, tuple[str, ...]]] = {}
    for seed in range(first, first + count):
        case = corpus.case(seed)
        (cases / f"{seed}.vmfb").write_bytes(case.data)
        rows[seed] = case.entry.file, case.entry.before
        kinds[seed] = "native executable" if case.has_native_code else "VM bytecode only"
    (cases / "cases.json").write_text(json.dumps(rows))
    return kinds


def _classify(report: Report, kind: str) -> None:
    text = report.failures[-1]
    ending = "hang" if ": hang" in text else "crash"
    report.outcomes[f"{ending} ({kind})"] += 1
