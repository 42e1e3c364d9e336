"""Modules in C for tests; without a compiler, their tests are skipped."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from c_compiler import CompileC, compile_source


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory: pytest.TempPathFactory) -> CompileC:
    """`compile_c("kit.c", "-DNAME=1")` -> path of the shared object; a source is a file here or a text."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler: no `cc` on PATH")
    return partial(compile_source, compiler, tmp_path_factory.mktemp("c"))


@pytest.fixture(scope="session")
def kit(compile_c: CompileC) -> Path:
    """The module of `kit.c`."""
    return compile_c("kit.c")
