"""Numbers about host programs and passes that a compile reports."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest

from gossamer.tools import iree_compile

PROGRAM = """
util.global private mutable @state = dense<0.0> : tensor<8xf32>
func.func @f(%x: tensor<4x8xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  return %sum : tensor<4xf32>
}
func.func @g(%x: tensor<8xf32>) {
  %state = util.global.load @state : tensor<8xf32>
  %next = arith.addf %state, %x : tensor<8xf32>
  util.global.store %next, @state : tensor<8xf32>
  return
}
"""
FLAGS = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx"]


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program.mlir"
    path.write_text(PROGRAM)
    return str(path)


def statistics(program: str, form: str, output: Path) -> str:
    flags = [f"--iree-scheduling-dump-statistics-format={form}"]
    flags.append(f"--iree-scheduling-dump-statistics-file={output}")
    assert iree_compile.main([*FLAGS, *flags, program, "-o", "/dev/null"]) == 0
    return output.read_text()


def test_json_counts_what_a_program_does(program: str, tmp_path: Path) -> None:
    counted = json.loads(statistics(program, "json", tmp_path / "out"))["stream-aggregate"]
    assert counted["global"]["variable-count"] == 1
    assert counted["execution"]["dispatch-count"] == 2
    assert counted["executable"] == {"executable-count": 2}


@pytest.mark.reference
def test_json_has_the_names_and_counts_of_the_reference(program: str, iree_bin: Path, tmp_path: Path) -> None:
    command = [iree_bin / "iree-compile", *FLAGS, program, "-o", "/dev/null"]
    command.append("--iree-scheduling-dump-statistics-format=json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    theirs = json.loads(done.stderr)["stream-aggregate"]
    ours = json.loads(statistics(program, "json", tmp_path / "out"))["stream-aggregate"]
    # IREE leaves the size of variables at zero.
    assert {group: set(names) - {"variable-size"} for group, names in theirs.items()} == {
        group: set(names) for group, names in ours.items()
    }
    assert ours["execution"]["dispatch-count"] == theirs["execution"]["dispatch-count"]
    assert ours["executable"] == theirs["executable"]


def test_csv_has_a_table_of_commands_for_each_submission(program: str, tmp_path: Path) -> None:
    text = statistics(program, "csv", tmp_path / "out")
    rows = list(csv.reader(line for line in text.splitlines() if line and not line.startswith(";")))
    names, numbers, *commands = rows
    assert dict(zip(names, numbers, strict=True))["Dispatches"] == "2"
    assert ["0", "dispatch", "@f_dispatch_0_reduction_4x8_f32"] in commands


def test_text_is_for_people(program: str, tmp_path: Path) -> None:
    pretty = statistics(program, "pretty", tmp_path / "out")
    assert "//  Dispatches: 2\n" in pretty
    assert statistics(program, "verbose", tmp_path / "out").startswith(pretty + "module @module {")


@pytest.mark.parametrize("display", ["list", "pipeline"])
def test_passes_are_counted(program: str, display: str, capfd: pytest.CaptureFixture[str]) -> None:
    flags = ["--mlir-pass-statistics", f"--mlir-pass-statistics-display={display}"]
    assert iree_compile.main([*FLAGS, *flags, program, "-o", "/dev/null"]) == 0
    report = capfd.readouterr().err
    assert "... Pass statistics report ..." in report
    names = [line for line in report.splitlines()[3:] if not line.startswith("  (S)")]
    assert (names == sorted(set(names))) is (display == "list")
    found = re.search(r"^form-dispatches\n  \(S\) +1 runs .*\n  \(S\) +1 changes ", report, re.MULTILINE)
    assert found, report
