"""A few hundred mutated modules on every run; the fuzzer itself runs any number."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import module_fuzzer
import pytest
from file_mutations import mutate
from module_corpus import SOURCES, build_corpus
from module_fields import map_file
from module_fuzzer import Corpus, Report, follow_child

_FEW_SOURCES = ("chain", "elementwise", "scalars", "stateful", "front")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    _, refused = build_corpus(folder, iree=None, sources=[SOURCES / f"{name}.mlir" for name in _FEW_SOURCES])
    assert refused == []
    return folder


def test_mutated_modules_are_refused_or_run(corpus: Path) -> None:
    report = module_fuzzer.fuzz(corpus, seed=20261122, count=200)

    assert report.failures == []
    assert report.outcomes.total() == 200
    assert report.outcomes["refused"] > 50
    assert report.outcomes["called"] > 15
    assert report.growth["files"] == [0]
    assert report.growth["threads"] == [0]


@pytest.mark.reference
def test_mutated_native_executables_are_refused_or_load(iree_bin: Path, tmp_path: Path) -> None:
    sources = [SOURCES / "elementwise.mlir"]
    build_corpus(tmp_path, iree=iree_bin, sources=sources, targets=["llvm_cpu", "system"], texts=False)
    report = module_fuzzer.fuzz(tmp_path, seed=20261123, count=150)

    assert report.failures == []
    assert report.outcomes["not linked"] > 15


def test_every_kind_of_field_is_found(corpus: Path) -> None:
    kinds = map_file((corpus / "chain.ours.vmfb").read_bytes()).fields

    assert kinds.keys() >= {
        *("offset", "count or table", "vtable", "scalar", "text", "size prefix"),
        *("opcode", "register", "list register", "immediate", "ordinal", "block"),
        *("zip name length", "zip directory", "kernel opcode", "kernel register", "kernel scalar"),
    }


def test_seeds_name_cases(corpus: Path) -> None:
    first, again = Corpus(corpus).case(7), Corpus(corpus).case(7)

    assert first == again
    assert first.data != (corpus / first.entry.file).read_bytes()


def test_mutations_keep_to_the_file() -> None:
    generator = random.Random(1)
    for length in (0, 1, 7, 64):
        for _ in range(200):
            assert len(mutate(bytes(length), generator)) <= length


@pytest.mark.parametrize(
    ("program", "failure"),
    [
        ("import os; print('{\"start\": 5}', flush=True); os.abort()", "seed 5: process ended with -6"),
        ("import time; print('{\"start\": 6}', flush=True); time.sleep(60)", "seed 6: hang"),
        ("raise SystemExit(3)", "seed 4: process ended with 3"),
    ],
)
def test_the_fuzzer_sees_a_failure(program: str, failure: str) -> None:
    report = Report()
    end = follow_child([sys.executable, "-c", program], None, report, 4, 10, patience_seconds=-4.5)

    assert [text.startswith(failure) for text in report.failures] == [True]
    assert end == int(failure.split()[1].strip(":")) + 1
