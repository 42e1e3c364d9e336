"""Collects programs to compile: `python tests/replay/collect_corpus.py CORPUS CHECKOUT [FOLDER...]`.

CORPUS gets what the test suite compiles, the examples and golden files, the end-to-end tests and samples of
CHECKOUT, a checkout of IREE's sources, and every `*.mlir` in the folders given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from replay_corpus import VMVX_FLAGS, add_case, read_cases

_HERE = Path(__file__).resolve().parent
_REPOSITORY = _HERE.parents[1]
_ASYNC_FLAGS = (*VMVX_FLAGS, "--iree-execution-model=async-external")

sys.path.append(str(_HERE.parent / "reference_suites"))

from check_suites import find_cases  # noqa: E402


def _record_tests(corpus: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(_HERE), "GOSSAMER_REPLAY_CORPUS": str(corpus)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "record_compiles", "tests"]
    subprocess.run(command, cwd=_REPOSITORY, env=environment, check=True)


def _add_folder(corpus: Path, folder: Path) -> None:
    for source in folder.rglob("*.mlir"):
        add_case(corpus, source.read_bytes(), VMVX_FLAGS)
        add_case(corpus, source.read_bytes(), _ASYNC_FLAGS)


def _add_check_suites(corpus: Path, checkout: Path) -> None:
    """IREE's check tests, with the flags of their suites."""
    with tempfile.TemporaryDirectory() as generated:
        for case in find_cases(checkout, Path(generated)):
            flags = [flag.replace("llvm-cpu", "vmvx") for flag in case.flags if "llvmcpu" not in flag]
            add_case(corpus, case.source.read_bytes(), flags)


def main() -> None:
    """Collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    options = parser.parse_args()
    corpus: Path = options.corpus.resolve()
    _record_tests(corpus)
    own = (_REPOSITORY / "examples", _REPOSITORY / "tests" / "golden")
    iree = (options.checkout / "tests" / "e2e", options.checkout / "samples")
    for folder in (*own, *iree, *options.folders):
        _add_folder(corpus, folder)
    _add_check_suites(corpus, options.checkout)
    print(f"{len(read_cases(corpus))} cases in {corpus}")


if __name__ == "__main__":
    main()
