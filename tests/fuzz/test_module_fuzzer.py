"""A few hundred mutated modules on every run; the fuzzer itself runs any number."""

from pathlib import Path

import module_fuzzer
import pytest

import gossamer

SOURCES = {
    "elementwise": """
func.func @f(%a: tensor<16xf32>) -> tensor<16xf32> {
  %0 = math.absf %a : tensor<16xf32>
  return %0 : tensor<16xf32>
}
""",
    "stateful": """
ml_program.global private mutable @g(dense<1.0> : tensor<16xf32>) : tensor<16xf32>
func.func @f(%a: tensor<16xf32>) -> tensor<16xf32> {
  %0 = ml_program.global_load @g : tensor<16xf32>
  %1 = arith.addf %0, %a : tensor<16xf32>
  ml_program.global_store @g = %1 : tensor<16xf32>
  return %1 : tensor<16xf32>
}
""",
    "scalars": """
func.func @f(%n: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %end = arith.index_cast %n : i32 to index
  %r = scf.for %i = %c0 to %end step %c1 iter_args(%x = %n) -> i32 {
    %next = arith.muli %x, %x : i32
    scf.yield %next : i32
  }
  return %r : i32
}
""",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("corpus")
    paths: list[Path] = []
    for name, source in SOURCES.items():
        for asynchronous in (False, True):
            path = folder / f"{name}_{asynchronous}.vmfb"
            path.write_bytes(gossamer.compile_text(source, asynchronous=asynchronous))
            paths.append(path)
    return paths


def test_mutated_modules_are_refused_or_run(corpus: list[Path]) -> None:
    outcomes, failures = module_fuzzer.fuzz(corpus, seed=20261122, count=400)

    assert failures == []
    assert sum(outcomes.values()) == 400
    assert outcomes["refused"] > 100
    assert outcomes["called, natively too: called"] > 20


def test_the_fuzzer_sees_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "good.vmfb"
    good.write_bytes(b"")
    broken = tmp_path / "broken.py"
    broken.write_text("import os; os.abort()")
    monkeypatch.setattr(module_fuzzer, "__file__", str(broken))

    _, failures = module_fuzzer.fuzz([good], seed=5, count=2)

    assert [failure.partition(":")[0] for failure in failures] == ["seed 5", "seed 6"]
