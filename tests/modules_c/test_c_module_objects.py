"""Ref types of modules in C."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import pytest
from c_compiler import CompileC

import gossamer
from gossamer.errors import InvalidArgumentError
from gossamer.vm.link.link_errors import SignatureMismatchError

PROGRAM = gossamer.compile_text("""
module @program {
  util.global private mutable @last : !custom.string
  func.func private @custom.string.create(!util.buffer) -> !custom.string
  func.func private @custom.string.length(!custom.string) -> i64
  func.func @keep(%text: !util.buffer) {
    %0 = call @custom.string.create(%text) : (!util.buffer) -> !custom.string
    util.global.store %0, @last : !custom.string
    return
  }
  func.func @length() -> i64 {
    %0 = util.global.load @last : !custom.string
    %1 = call @custom.string.length(%0) : (!custom.string) -> i64
    return %1 : i64
  }
  func.func @forget() {
    %0 = util.null : !custom.string
    util.global.store %0, @last : !custom.string
    return
  }
}""")


@pytest.fixture(scope="module")
def library(compile_c: CompileC) -> Path:
    return compile_c("objects.c")


def test_objects_live_as_long_as_somebody_holds_them(library: Path) -> None:
    pipeline = gossamer.Pipeline([str(library), PROGRAM])
    live = pipeline.modules["custom"].live

    pipeline.keep("grün")
    fork = pipeline.fork()

    assert (pipeline.length(), fork.length(), live()) == (5, 5, 1)
    pipeline.forget()
    assert live() == 1
    fork.keep("another")
    deadline = time.monotonic() + 30
    while live() > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (live(), fork.length()) == (1, 7)


def test_null_and_foreign_objects_are_errors_of_the_call(library: Path) -> None:
    pipeline = gossamer.Pipeline([str(library), PROGRAM])

    with pytest.raises(InvalidArgumentError, match=r"type !custom\.string, found null"):
        pipeline.length()


def test_names_of_hosts_are_not_for_modules(library: Path) -> None:
    pipeline = gossamer.Pipeline([str(library)])

    with pytest.raises(InvalidArgumentError, match=r"'!vm\.buffer' is no type of a module"):
        pipeline.misname()


def test_linking_compares_the_names(library: Path) -> None:
    @gossamer.module("reader")
    class Reader:
        @gossamer.imports("custom.string.length")
        def length(self, text: Annotated[object, "!custom.text"]) -> int: ...

    with pytest.raises(SignatureMismatchError, match=r"argument 0 .* is !custom\.string, but reader expects"):
        gossamer.Pipeline([str(library), Reader])
