"""Damaged parameter files: readers return, or raise FormatError and nothing else, in little memory."""

from __future__ import annotations

import io
import random
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.errors import FormatError
from gossamer.format.parameters.entries import FileRange, Splat
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.index_text import index_text
from gossamer.format.parameters.readers import read_parameters
from parameter_files import small_gguf, small_irpa, small_safetensors

_MUTATIONS = 1000
_MAX_BYTES = 4_000_000


def _small_npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(6, dtype=np.float32))
    return stream.getvalue()


def _small_npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, weight=np.arange(6, dtype=np.float32), bias=np.zeros(3, np.int8))
    return stream.getvalue()


_SEEDS: dict[str, Callable[[], bytes]] = {
    "irpa": small_irpa,
    "gguf": small_gguf,
    "safetensors": small_safetensors,
    "npy": _small_npy,
    "npz": _small_npz,
}
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def _check(format: str, data: bytes) -> bool:
    """Read a file; every entry it yields must lie in the file. True where it was refused."""
    handle = FileHandle(data)
    index = ParameterIndex()
    try:
        read_parameters(format, handle, index)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - most files are refused, not all
        assert len(index) == 0
        return True
    for entry in index:
        storage = entry.storage
        if isinstance(storage, FileRange):
            assert 0 <= storage.offset <= storage.offset + entry.length <= len(storage.handle.contents)
            assert len(entry.contents()) == entry.length
        else:
            assert isinstance(storage, Splat)
            assert 1 <= len(storage.pattern) <= 16
    index_text(index).encode("utf-8", "surrogateescape")
    return False


def _mutated(seed: bytes, generator: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(generator.randint(1, 4)):
        position = generator.randrange(len(data))
        match generator.randrange(6):
            case 0:
                data[position] ^= 1 << generator.randrange(8)
            case 1:
                size = generator.choice((1, 2, 4, 8))
                value = generator.choice(_EXTREMES) & ((1 << 8 * size) - 1)
                data[position : position + size] = value.to_bytes(size, "little")
            case 2:
                del data[position:]
            case 3:
                del data[position : position + generator.randint(1, 16)]
            case 4:
                data[position:position] = generator.randbytes(generator.randint(1, 16))
            case _:
                source = generator.randrange(len(data))
                data[position : position + 8] = data[source : source + 8]
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("format", _SEEDS)
def test_mutations(format: str) -> None:
    seed = _SEEDS[format]()
    assert not _check(format, seed)
    generator = random.Random(format)
    tracemalloc.start()
    try:
        refused = sum(_check(format, _mutated(seed, generator)) for _ in range(_MUTATIONS))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused > _MUTATIONS // 10
    assert peak < _MAX_BYTES


@pytest.mark.parametrize("format", _SEEDS)
def test_truncations(format: str) -> None:
    seed = _SEEDS[format]()
    for length in range(len(seed)):
        _check(format, seed[:length])


@pytest.mark.parametrize("format", _SEEDS)
@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes(format: str, data: bytes) -> None:
    _check(format, data)
    _check(format, _SEEDS[format]()[:40] + data)
