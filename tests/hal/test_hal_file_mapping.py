"""Constants that programs import: what a kernel writes to them is seen by that program alone."""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from gossamer.errors import DataLossError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.file_mapping import FileMapping, private_memory
from gossamer.modules.hal.module import HalModule
from gossamer.runtime.devices import new_device
from gossamer.vm.objects.buffer import Buffer as HostBuffer

ALLOCATION = mmap.ALLOCATIONGRANULARITY
CONTENTS = bytes(range(256)) * (ALLOCATION // 64)
CONSTANT_USAGE = 0x80C03


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENTS)
    return path


def mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        return memoryview(FileMapping(file.fileno()))


@pytest.mark.parametrize(("offset", "length"), [(0, 64), (64, 1), (ALLOCATION + 128, ALLOCATION), (128, 0)])
def test_a_part_is_mapped_once_more(path: Path, offset: int, length: int) -> None:
    whole = mapped(path)
    part = private_memory(whole.toreadonly()[offset : offset + length])
    assert bytes(part) == CONTENTS[offset : offset + length]
    part[:] = bytes(length)

    assert bytes(whole) == CONTENTS == path.read_bytes()


def test_arrays_over_a_mapping_are_mapped_once_more(path: Path) -> None:
    whole = mapped(path)
    array = np.frombuffer(whole, np.uint8)[64:]
    array.flags.writeable = False
    part = private_memory(array.data[:128])

    assert bytes(part) == CONTENTS[64:192]
    assert isinstance(part.obj, mmap.mmap)


def test_alignment_stays(path: Path) -> None:
    whole = mapped(path)
    for offset in (0, 64, ALLOCATION + 64):
        part = np.frombuffer(private_memory(whole[offset : offset + 8]), np.uint8)
        assert part.ctypes.data % ALLOCATION == offset % ALLOCATION


def test_the_file_may_be_gone_but_not_shorter(path: Path) -> None:
    whole = mapped(path)
    os.truncate(path, ALLOCATION)
    with pytest.raises(DataLossError, match="a mapped file has changed"):
        private_memory(whole[2 * ALLOCATION :])
    path.unlink()

    assert len(private_memory(whole[:64])) == 64


def test_descriptors_are_closed(path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        private_memory(mapped(path)[:64])
    gc.collect()

    assert len(os.listdir("/proc/self/fd")) == before


def test_immutable_objects_are_copied_and_the_rest_shared() -> None:
    constant, array = bytes(100), bytearray(100)
    private_memory(memoryview(constant))[:] = b"x" * 100
    private_memory(memoryview(array))[:2] = b"xy"

    assert constant == bytes(100)
    assert array[:3] == b"xy\0"


@pytest.mark.parametrize("source", ["file", "bytes"])
def test_kernels_of_one_program_do_not_change_another(path: Path, source: str) -> None:
    whole = mapped(path)
    start = 64 - np.frombuffer(CONTENTS, np.uint8).ctypes.data % 64
    data = whole[64:192] if source == "file" else memoryview(CONTENTS)[start : start + 128]
    expected = bytes(data)
    rodata = HostBuffer.wrap(data, is_mutable=False)
    device = new_device("local-sync")
    first, second = (
        HalModule([device])
        .create_state()
        .link(())
        .bind("allocator.import")(device.allocator, 0, -1, 48, CONSTANT_USAGE, rodata, 0, -1)
        for _ in range(2)
    )
    assert isinstance(first, Buffer)
    assert isinstance(second, Buffer)
    # As a kernel does: through the address.
    ctypes.memset(first.address, 7, 64)

    assert bytes(first.map(0, 64)) == b"\7" * 64
    assert bytes(second.map()) == bytes(rodata.data) == expected
    assert not first.allowed_access & 2
