"""Writers leave what other programs have mapped alone."""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.write_irpa import write_irpa
from gossamer.format.whole_file import whole_file, write_whole
from gossamer.tools import iree_as_module, iree_compile


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def test_who_has_the_old_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 8192)
    old = _mapped(path)

    write_whole(path, b"b")

    assert old[:] == b"a" * 8192
    assert path.read_bytes() == b"b"
    assert os.listdir(tmp_path) == ["file"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_half_way() -> None:
        with whole_file(path) as file:
            file.write(b"new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_links_permissions_and_pipes_stay_what_they_are(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)

    write_whole(link, b"new")
    write_whole("/dev/null", b"nothing")

    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def _program(number: int) -> str:
    return f"""
    func.func @f() -> tensor<2048xf32> {{
      %0 = arith.constant dense<{number}.0> : tensor<2048xf32>
      %1 = util.optimization_barrier %0 : tensor<2048xf32>
      return %1 : tensor<2048xf32>
    }}"""


FLAGS = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx"]


def test_a_running_program_keeps_its_constants(tmp_path: Path) -> None:
    source, output = tmp_path / "f.mlir", tmp_path / "f.vmfb"
    source.write_text(_program(1))
    assert iree_compile.main([*FLAGS, str(source), f"-o={output}"]) == 0
    pipeline = gossamer.Pipeline([output], device="local-sync")
    old = _mapped(output)
    before = old[:]

    source.write_text(_program(2))
    assert iree_compile.main([*FLAGS, str(source), f"-o={output}"]) == 0

    assert old[:] == before
    np.testing.assert_array_equal(pipeline.f(), np.full(2048, 1, np.float32))
    np.testing.assert_array_equal(gossamer.Pipeline([output]).f(), np.full(2048, 2, np.float32))


def test_assemblers_and_archives_replace_files_whole(tmp_path: Path) -> None:
    assembly = tmp_path / "f.vmasm"
    assembly.write_text("vm.module @m\nvm.export @f\nvm.func @f() -> () {\n^bb0:\n  vm.return\n}\n")
    index = ParameterIndex()
    index.add_splat("k", b"\0", 4096)

    for path, write in (
        (tmp_path / "a.vmfb", lambda path: iree_as_module.main([str(assembly), f"--output={path}"])),
        (tmp_path / "p.irpa", lambda path: write_irpa(index, path)),
    ):
        path.write_bytes(b"a" * 100_000)
        old = _mapped(path)
        write(path)
        assert old[:] == b"a" * 100_000
        assert path.stat().st_size != 100_000
