"""A pipeline that is closed says so, whatever is asked of it, and can still be printed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gossamer
from gossamer.errors import FailedPreconditionError

COUNTER = gossamer.compile_text("""
module @counter {
  ml_program.global private mutable @count(dense<0> : tensor<i32>) : tensor<i32>
  func.func @next(%step: tensor<i32>) -> tensor<i32> {
    %count = ml_program.global_load @count : tensor<i32>
    %sum = arith.addi %count, %step : tensor<i32>
    ml_program.global_store @count = %sum : tensor<i32>
    return %sum : tensor<i32>
  }
}""")


@pytest.mark.parametrize(
    "use",
    [
        lambda pipeline: pipeline.next(1),
        lambda pipeline: pipeline(1),
        lambda pipeline: pipeline["counter.next"](1),
        lambda pipeline: asyncio.run(submit(pipeline)),
        lambda pipeline: pipeline.fork(),
        lambda pipeline: pipeline.replace("counter", COUNTER),
        lambda pipeline: list(pipeline.state),
        lambda pipeline: pipeline.state["counter.count"],
        lambda pipeline: pipeline.state.snapshot(),
    ],
)
def test_every_use_is_refused(use: Callable[[gossamer.Pipeline], Any]) -> None:
    pipeline = gossamer.Pipeline([COUNTER], device="local-sync")
    pipeline.close()

    with pytest.raises(FailedPreconditionError, match="the context is closed"):
        use(pipeline)


async def submit(pipeline: gossamer.Pipeline) -> object:
    return await pipeline.next.submit(1)


def test_its_state_is_neither_saved_nor_put_back(tmp_path: Path) -> None:
    pipeline = gossamer.Pipeline([COUNTER], device="local-sync")
    snapshot = pipeline.state.snapshot()
    pipeline.close()

    with pytest.raises(FailedPreconditionError, match="the context is closed"):
        pipeline.state.save(tmp_path / "state")
    with pytest.raises(FailedPreconditionError, match="the context is closed"):
        pipeline.state.restore(snapshot)
    assert list(tmp_path.iterdir()) == []


def test_it_can_be_printed() -> None:
    pipeline = gossamer.Pipeline([COUNTER], device="local-sync")
    function = pipeline.next
    pipeline.close()

    assert repr(pipeline) == "<Pipeline of counter>"
    assert repr(function).startswith("<PipelineFunction sync func @next(")
