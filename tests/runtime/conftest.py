"""Makes the compiler of C modules importable here."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "modules_c"))

from c_compiler import CompileC, compile_source


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory: pytest.TempPathFactory) -> CompileC:
    """Compiles a text to a shared object."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler: no `cc` on PATH")
    return partial(compile_source, compiler, tmp_path_factory.mktemp("c"))
