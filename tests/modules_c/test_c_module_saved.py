"""States of modules in C outside of the process: `save_state` and `load_state`."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from c_compiler import CompileC

import gossamer
from gossamer.errors import FormatError, InvalidArgumentError
from gossamer.modules.c.abi import MODULE_WITHOUT_SAVING

WHOLE = "-DSTRUCT_SIZE=sizeof(gossamer_module_t)"


@pytest.fixture
def library(compile_c: CompileC) -> Path:
    return compile_c("saved.c", WHOLE)


def counted(library: Path, times: int) -> gossamer.Pipeline:
    pipeline = gossamer.Pipeline([library], device="local-sync")
    for _ in range(times):
        pipeline.count()
    return pipeline


def test_a_state_goes_through_a_file_to_another_process(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.state"
    counted(library, 5).state.save(path)

    script = f"""
import gossamer
pipeline = gossamer.Pipeline([{str(library)!r}], device="local-sync")
pipeline.state.load({str(path)!r})
print(pipeline.count())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("6\n", "")


def test_a_pickled_snapshot_is_restored_in_another_load(library: Path) -> None:
    snapshot = pickle.loads(pickle.dumps(counted(library, 3).state.snapshot()))
    other = counted(library, 10)

    for _ in range(2):
        other.state.restore(snapshot)
        assert other.count() == 4


def test_the_module_refuses_what_is_not_its_state(library: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.state"
    pipeline = counted(library, 1)
    pipeline.state.save(path)
    path.write_bytes(path.read_bytes().replace(b"\1\0\0\0\1\0\0\0", b"\2\0\0\0\1\0\0\0"))

    with pytest.raises(gossamer.StatusError):  # the archive's checksum, or the module
        pipeline.state.load(path)
    assert pipeline.count() == 2


def test_a_module_that_cannot_says_so(compile_c: CompileC, kit: Path, tmp_path: Path) -> None:
    old = compile_c("saved.c", f"-DSTRUCT_SIZE={MODULE_WITHOUT_SAVING.size}")
    with pytest.raises(InvalidArgumentError, match=r"state of module 'saved' .* it has no `save_state`"):
        counted(old, 1).state.save(tmp_path / "state")

    nothing = compile_c("saved.c", WHOLE, "-DGIVES_NOTHING=1")
    with pytest.raises(InvalidArgumentError, match=r"ref is null; .*; in `save_state` of module 'saved'"):
        counted(nothing, 1).state.save(tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_both_or_neither(compile_c: CompileC) -> None:
    with pytest.raises(FormatError, match="save_state and load_state: one of them is null"):
        gossamer.load_module(compile_c("saved.c", WHOLE, "-DNO_LOAD=1"))


def test_results_that_are_declared_are_there(library: Path) -> None:
    pipeline = counted(library, 0)

    with pytest.raises(
        InvalidArgumentError, match=r"result 0 of saved\.null is null, expected tensor<\?xf32>"
    ):
        pipeline.null()
    with pytest.raises(
        InvalidArgumentError, match=r"result 0 of saved\.bytes is !vm\.buffer, expected tensor<4xi8>"
    ):
        pipeline.bytes()
    assert pipeline.undeclared() is None
