"""Modules from files: a program that writes to its constants changes no file and crashes nothing."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np

from gossamer.format.archive import write_module
from gossamer.format.module_def import ModuleDef, RodataSegment
from gossamer.runtime.loading import load_module
from gossamer.vm.bytecode.module import BytecodeModule


def test_constants_of_a_file_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "m.vmfb"
    path.write_bytes(write_module(ModuleDef("m", rodata_segments=(RodataSegment(bytes(64)),))))
    before = path.read_bytes()
    module = load_module(path)
    assert isinstance(module, BytecodeModule)
    constant = np.frombuffer(module.definition.rodata_segments[0].data, np.uint8)

    # As a kernel does: through the address. On a read-only page this ends the process.
    ctypes.memset(constant.ctypes.data, 7, 4)

    assert constant[:5].tolist() == [7, 7, 7, 7, 0]
    assert path.read_bytes() == before
