"""The same text gives the same bytes: again in one process, and in others whatever the seed of hashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

STATE = """
util.global private mutable @ring = dense<0.0> : tensor<64xf32>
util.global private mutable @at = 0 : index
func.func @push(%chunk: tensor<16xf32>) -> (tensor<64xf32>, index) {
  %ring = util.global.load @ring : tensor<64xf32>
  %at = util.global.load @at : index
  %next = tensor.insert_slice %chunk into %ring[%at] [16] [1] : tensor<16xf32> into tensor<64xf32>
  util.global.store %next, @ring : tensor<64xf32>
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %sum = arith.addi %at, %c16 : index
  %from = arith.remui %sum, %c64 : index
  util.global.store %from, @at : index
  %head = arith.subi %c64, %from : index
  %old = tensor.extract_slice %next[%from] [%head] [1] : tensor<64xf32> to tensor<?xf32>
  %new = tensor.extract_slice %next[0] [%from] [1] : tensor<64xf32> to tensor<?xf32>
  %empty = tensor.empty() : tensor<64xf32>
  %a = tensor.insert_slice %old into %empty[0] [%head] [1] : tensor<?xf32> into tensor<64xf32>
  %b = tensor.insert_slice %new into %a[%head] [%from] [1] : tensor<?xf32> into tensor<64xf32>
  return %b, %from : tensor<64xf32>, index
}
"""

# Buffers that are dead on one way out of a loop or a branch, and constants that loops use.
CONTROL_FLOW = """
func.func @run(%a: tensor<?xf32>, %b: tensor<?xf32>, %count: index, %flag: i1) -> (tensor<?xf32>, i64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %seed = arith.constant 7 : i64
  %first:2 = scf.if %flag -> (tensor<?xf32>, tensor<?xf32>) {
    %p = arith.mulf %a, %b : tensor<?xf32>
    %q = arith.subf %p, %b : tensor<?xf32>
    scf.yield %p, %q : tensor<?xf32>, tensor<?xf32>
  } else {
    scf.yield %b, %a : tensor<?xf32>, tensor<?xf32>
  }
  %last:2 = scf.for %i = %c0 to %count step %c1 iter_args(%x = %first#0, %n = %seed)
      -> (tensor<?xf32>, i64) {
    %c3 = arith.constant 3 : i64
    %c5 = arith.constant 5 : i64
    %m = arith.muli %n, %c3 : i64
    %o = arith.addi %m, %c5 : i64
    %even = arith.cmpi slt, %o, %c5 : i64
    %y = scf.if %even -> tensor<?xf32> {
      %z = arith.addf %x, %first#1 : tensor<?xf32>
      scf.yield %z : tensor<?xf32>
    } else {
      scf.yield %a : tensor<?xf32>
    }
    scf.yield %y, %o : tensor<?xf32>, i64
  }
  return %last#0, %last#1 : tensor<?xf32>, i64
}
"""

DISPATCHES = """
func.func private @other.scale(%x: tensor<8x8xf32>) -> tensor<8x8xf32>
func.func private @other.shift(%x: tensor<8x8xf32>) -> tensor<8x8xf32>
func.func @forward(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<8xf32>, tensor<8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %h = linalg.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>)
    outs(%fill : tensor<8x8xf32>) -> tensor<8x8xf32>
  %scaled = call @other.scale(%h) : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %shifted = call @other.shift(%x) : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %sum = arith.addf %scaled, %shifted : tensor<8x8xf32>
  %row = tensor.empty() : tensor<8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%row : tensor<8xf32>) -> tensor<8xf32>
  %total = linalg.reduce { arith.addf } ins(%sum : tensor<8x8xf32>)
    outs(%start : tensor<8xf32>) dimensions = [1]
  return %total, %sum : tensor<8xf32>, tensor<8x8xf32>
}
"""

SORT_AND_SCATTER = """
func.func @run(%keys: tensor<4x9xi32>, %table: tensor<16xi32>) -> (tensor<4x9xi32>, tensor<16xi32>) {
  %at = stablehlo.iota dim = 0 : tensor<4x1xi32>
  %sorted = "stablehlo.sort"(%keys) ({
  ^bb0(%x: tensor<i32>, %y: tensor<i32>):
    %less = stablehlo.compare LT, %x, %y : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %less : tensor<i1>
  }) {dimension = 1 : i64, is_stable = true} : (tensor<4x9xi32>) -> tensor<4x9xi32>
  %first = stablehlo.slice %sorted [0:4, 0:1] : (tensor<4x9xi32>) -> tensor<4x1xi32>
  %updates = stablehlo.reshape %first : (tensor<4x1xi32>) -> tensor<4xi32>
  %new = "stablehlo.scatter"(%table, %at, %updates) ({
  ^bb0(%old: tensor<i32>, %update: tensor<i32>):
    %sum = stablehlo.add %old, %update : tensor<i32>
    stablehlo.return %sum : tensor<i32>
  }) {scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0],
      scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}
    : (tensor<16xi32>, tensor<4x1xi32>, tensor<4xi32>) -> tensor<16xi32>
  return %sorted, %new : tensor<4x9xi32>, tensor<16xi32>
}
"""

PROGRAMS = {
    "state": (STATE, False),
    "control_flow": (CONTROL_FLOW, False),
    "control_flow_async": (CONTROL_FLOW, True),
    "dispatches": (DISPATCHES, False),
    "dispatches_async": (DISPATCHES, True),
    "sort_and_scatter": (SORT_AND_SCATTER, False),
}

# Prints the hashes of a number of compiles of each program.
_COMPILES = """
import hashlib, json, sys
from gossamer import compile_text
programs, times = json.load(sys.stdin)
hashes = {
    name: [hashlib.sha256(compile_text(text, asynchronous=is_async)).hexdigest() for _ in range(times)]
    for name, (text, is_async) in programs.items()
}
json.dump(hashes, sys.stdout)
"""


def _compile(seed: int, times: int) -> dict[str, list[str]]:
    """Hashes of what a process of its own makes of each program, `times` times."""
    result = subprocess.run(
        [sys.executable, "-c", _COMPILES],
        input=json.dumps([PROGRAMS, times]),
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def hashes() -> list[dict[str, list[str]]]:
    """One entry for each process; the first compiles often, as addresses of objects change by and by."""
    return [_compile(1, 8), *(_compile(seed, 1) for seed in (2, 3))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_compiling_again_gives_the_same_bytes(hashes: list[dict[str, list[str]]], program: str) -> None:
    assert len(set(hashes[0][program])) == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_other_processes_give_the_same_bytes(hashes: list[dict[str, list[str]]], program: str) -> None:
    assert len({of_process[program][0] for of_process in hashes}) == 1
