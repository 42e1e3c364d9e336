"""Runs the tests of IREE's Python bindings on our runtime and our compiler.

`python tests/reference_suites/binding_tests.py CHECKOUT`; CHECKOUT is a checkout of IREE's sources, of the
version of the wheels in `.venv-iree`; `runtime/bindings/python/tests` and `compiler/bindings/python/test` are
enough. IREE compiles the programs of the runtime's tests.
Prints a line for each test that does not pass, with the reason where it is not expected to, and the counts.
The exit code is 1 where another fails.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 600
_LINE = re.compile(r"(PASSED|FAILED|ERROR|SKIPPED) (?:\[(\d+)\] )?(.*)")
_COMPILER_FOLDERS = ("api", "ir", "tools", "extras")
# File, or file::Class::test -> why it is not expected to pass.
_REFUSED = {
    "tokenizer_test.py": "there is no tokenizer",
    "devices_cli_test.py": "tests a script that IREE's wheels do not have either, on a driver that is gone",
    "array_interop_test.py::DeviceHalTest::testCopyToHostImportPath": "calls a private method",
    "array_interop_test.py::DeviceHalTest::testCopyToHostStagingPath": "calls a private method",
    "dialects_test.py": "IREE's dialects have no classes of Python here",
    "tuner_api_test.py": "there is no tuner, and IREE's dialects have no classes of Python here",
    "compiler_tf_test.py": "there is no importer of TensorFlow",
    "compiler_tflite_test.py": "there is no importer of TFLite",
    "fx_importer_test.py": "needs torch and sympy",
}


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", default="", help="files whose name contains this")
    parser.add_argument("--iree-bin", type=Path, default=_REPOSITORY / ".venv-iree" / "bin")
    arguments = parser.parse_args()
    runtime = arguments.checkout / "runtime" / "bindings" / "python" / "tests"
    compiler = arguments.checkout / "compiler" / "bindings" / "python" / "test"
    files = sorted(runtime.glob("*_test.py"))
    files += [file for folder in _COMPILER_FOLDERS for file in sorted((compiler / folder).glob("*_test.py"))]
    counts: Counter[str] = Counter()
    for file in files:
        if arguments.only not in file.name:
            continue
        for outcome, count, text in _run(file, None if compiler in file.parents else arguments.iree_bin):
            counts[outcome] += count
            if outcome != "passed":
                print(f"{outcome}: {text}", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return 1 if counts["FAILED"] or not counts["passed"] else 0


def _run(file: Path, iree_bin: Path | None) -> list[tuple[str, int, str]]:
    """Outcome, number of tests and text of each line of a report.

    Args:
        file: of tests.
        iree_bin: commands of the wheels whose compiler they use; None is ours.
    """
    if file.name in _REFUSED:
        return [("refused", 1, f"{file.name}, whole: {_REFUSED[file.name]}")]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site_packages = "-" if iree_bin is None else iree_bin.parent / "lib" / version / "site-packages"
    script = Path(__file__).with_name("run_binding_tests.py")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, script, file, site_packages],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )
    lines = [_outcome(match, file) for line in done.stdout.splitlines() if (match := _LINE.match(line))]
    return lines or [("FAILED", 1, f"{file.name}: exit code {done.returncode}: {done.stderr[-300:]}")]


def _outcome(line: re.Match[str], file: Path) -> tuple[str, int, str]:
    word, count, text = line.groups()
    if word == "PASSED":
        return "passed", 1, ""
    text = text[text.find(file.name) :]
    if word == "SKIPPED":
        return "skipped by the test itself", int(count), text
    reason = _REFUSED.get(text.partition(" - ")[0])
    return ("refused", 1, f"{text}: {reason}") if reason else ("FAILED", 1, text)


if __name__ == "__main__":
    sys.exit(main())
