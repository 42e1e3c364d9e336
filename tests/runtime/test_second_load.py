"""Loading a file that was loaded before: everything is found, and nothing behaves differently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.kept_files.store import CACHE_DIR_VARIABLE
from gossamer.vm.translate import module_translation

MODEL = """
#all = affine_map<(i, j) -> (i, j)>
#columns = affine_map<(i, j) -> (j)>
builtin.module @model {
  util.global private @scale = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  func.func @run(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %zero = arith.constant 0 : index
    %rows = tensor.dim %x, %zero : tensor<?x4xf32>
    %scale = util.global.load @scale : tensor<4xf32>
    %empty = tensor.empty(%rows) : tensor<?x4xf32>
    %scaled = linalg.generic {
        indexing_maps = [#all, #columns, #all],
        iterator_types = ["parallel", "parallel"]}
        ins(%x, %scale : tensor<?x4xf32>, tensor<4xf32>) outs(%empty : tensor<?x4xf32>) {
      ^bb0(%a: f32, %b: f32, %c: f32):
        %product = arith.mulf %a, %b : f32
        linalg.yield %product : f32
    } -> tensor<?x4xf32>
    return %scaled : tensor<?x4xf32>
  }
  func.func @fixed(%x: tensor<4xf32>) -> tensor<4xf32> {
    %sum = arith.addf %x, %x : tensor<4xf32>
    return %sum : tensor<4xf32>
  }
}
"""


def refuse(*arguments: object, **settings: object) -> object:
    raise AssertionError("translated again")


@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_nothing_is_translated_again(device: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path / "cache"))
    path = tmp_path / "model.vmfb"
    path.write_bytes(gossamer.compile_text(MODEL))
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    for load in range(4):
        if load == 2:
            # The first load knows nothing, the second translates what is called once.
            monkeypatch.setattr(module_translation, "emit_python", refuse)
            monkeypatch.setattr(module_translation, "find_module_facts", refuse)
        with gossamer.Pipeline([path], device=device) as pipeline:
            np.testing.assert_array_equal(np.asarray(pipeline.run(x)), x * [1, 2, 3, 4])
            np.testing.assert_array_equal(np.asarray(pipeline.fixed(x[0])), 2 * x[0])
            np.testing.assert_array_equal(np.asarray(pipeline.run(x[:1])), x[:1] * [1, 2, 3, 4])
