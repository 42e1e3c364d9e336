"""`.gguf`, `.safetensors`, `.npy` and `.npz` files: where their tensors are, and what is refused."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from gossamer.errors import FormatError, NotFoundError, UnimplementedError, VersionMismatchError
from gossamer.format.parameters.entries import FileRange
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.readers import read_parameters
from parameter_files import (
    GGUF_F32,
    GGUF_Q4_0,
    gguf_file,
    gguf_metadata,
    gguf_string,
    safetensors_file,
    small_gguf,
    small_safetensors,
)

_WEIGHT = np.arange(6, dtype=np.float32)


def _read(format: str, data: bytes) -> ParameterIndex:
    index = ParameterIndex()
    read_parameters(format, FileHandle(data), index)
    return index


def _refused(format: str, data: bytes, message: str) -> FormatError:
    index = ParameterIndex()
    with pytest.raises(FormatError) as raised:
        read_parameters(format, FileHandle(data), index)
    assert message in raised.value.message
    assert raised.value.offset is not None
    assert len(index) == 0
    return raised.value


def test_formats_go_by_the_end_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "w.SafeTensors").write_bytes(small_safetensors())
    index = ParameterIndex()
    index.load(tmp_path / "w.SafeTensors")
    index.load(tmp_path / "w.SafeTensors", format=".safetensors", preload=True)
    assert [entry.key for entry in index] == ["weight", "none"] * 2
    with pytest.raises(UnimplementedError, match="unsupported file format `bin`"):
        _read("w.bin", b"")
    with pytest.raises(NotFoundError, match=r"failed to open file '.*absent.gguf'"):
        index.load(tmp_path / "absent.gguf")


@pytest.mark.parametrize("format", ["irpa", "gguf", "safetensors", "npy", "npz"])
def test_empty_files(tmp_path: Path, format: str) -> None:
    (tmp_path / f"a.{format}").write_bytes(b"")
    for preload in (False, True):
        with pytest.raises(FormatError):
            ParameterIndex().load(tmp_path / f"a.{format}", preload=preload)


def test_safetensors() -> None:
    index = _read("safetensors", small_safetensors())
    assert bytes(index["weight"].contents()) == _WEIGHT.tobytes()
    assert index["none"].length == 0


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"1234567", "8 bytes at least"),
        (struct.pack("<Q", 1 << 63) + b"{}", "header of 9223372036854775808 bytes"),
        (struct.pack("<Q", 3) + b"{}", "2 are left"),
        (struct.pack("<Q", 2) + b"\xff}", "not UTF-8"),
        (struct.pack("<Q", 2) + b"[]", "is a list, expected an object"),
        (struct.pack("<Q", 3) + b"{,}", "not JSON"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "not JSON"),
        (struct.pack("<Q", 8) + b'{"a": 1}', "'a' is no object"),
    ],
)
def test_safetensors_that_are_none(data: bytes, message: str) -> None:
    _refused("safetensors", data, message)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ({"dtype": "F32", "shape": [1]}, "'data_offsets' of tensor 'a' is no list of sizes"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 4.0]}, "no list of sizes"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}, "no list of sizes"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [True, 4]}, "no list of sizes"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}, "expected a begin and an end up to 8"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}, "expected a begin and an end up to 8"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}, "expected a begin and an end up to 8"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}, "8 bytes, not those of its type and shape"),
        ({"dtype": "F32", "shape": [1 << 70] * 3, "data_offsets": [0, 8]}, "not those of its type"),
        ({"dtype": "F32", "data_offsets": [0, 8]}, "'shape' of tensor 'a'"),
    ],
)
def test_wrong_safetensors(tensor: object, message: str) -> None:
    text = json.dumps({"a": tensor}).encode()
    _refused("safetensors", struct.pack("<Q", len(text)) + text + bytes(8), message)


def test_safetensors_of_types_we_do_not_know_are_taken_as_they_are() -> None:
    index = _read("safetensors", safetensors_file({"a": ("F4", (2,), b"x")}))
    assert bytes(index["a"].contents()) == b"x"


def test_safetensors_with_a_key_twice() -> None:
    text = b'{"a": {"data_offsets": [0, 0]}, "a": {"data_offsets": [0, 0]}}'
    _refused("safetensors", struct.pack("<Q", len(text)) + text, "key 'a' is there twice")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("alignment", [None, 1, 8, 256])
def test_gguf(version: int, alignment: int | None) -> None:
    tensors = {"w": (GGUF_F32, (3, 2), _WEIGHT.tobytes()), "q": (GGUF_Q4_0, (64,), bytes(range(36)))}
    data = gguf_file(tensors, version=version, alignment=alignment, metadata=gguf_metadata())
    index = _read("gguf", data)
    assert bytes(index["w"].contents()) == _WEIGHT.tobytes()
    assert bytes(index["q"].contents()) == bytes(range(36))
    storage = index["q"].storage
    assert isinstance(storage, FileRange)
    assert storage.offset % (alignment or 32) == 0


def test_gguf_without_tensors_is_not_read_further() -> None:
    assert len(_read("gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 5))) == 0


def test_gguf_of_every_element_type() -> None:
    sizes = {0: 4, 1: 2, 8: 34, 12: 144, 14: 210, 24: 1, 26: 4, 28: 8, 30: 2}
    for kind, size in sizes.items():
        elements = {8: 32, 12: 256, 14: 256}.get(kind, 1)
        index = _read("gguf", gguf_file({"t": (kind, (elements, 2), bytes(2 * size))}))
        assert index["t"].length == 2 * size


def test_gguf_of_other_versions() -> None:
    for version in (0, 1, 4, 1 << 24):
        data = b"GGUF" + struct.pack("<IQQ", version, 0, 0)
        assert isinstance(_refused("gguf", data, "is not supported"), VersionMismatchError)


def _gguf_pair(key: str, kind: int, value: bytes) -> bytes:
    return gguf_file(
        {"w": (0, (1,), bytes(4))}, metadata=[gguf_string(key) + struct.pack("<I", kind) + value]
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"GGU", "magic of 4 bytes is cut off after 3"),
        (b"GGML" + bytes(20), "magic is b'GGML', expected b'GGUF'"),
        (b"GGUF\3\0\0\0" + bytes(7), "number of tensors of 8 bytes is cut off"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 0), "length of tensor name"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 1 << 63), "length of metadata key"),
        (_gguf_pair("k", 13, b""), "metadata type 13"),
        (_gguf_pair("k", 9, struct.pack("<IQ", 9, 1)), "array of type 9"),
        (_gguf_pair("k", 9, struct.pack("<IQ", 10, 1 << 62)), "array of 36893488147419103232 bytes"),
        (_gguf_pair("k", 9, struct.pack("<IQ", 8, 1 << 62)), "string"),
        (_gguf_pair("general.alignment", 4, struct.pack("<I", 0)), "is 0, expected a power of two"),
        (_gguf_pair("general.alignment", 4, struct.pack("<I", 24)), "is 24, expected a power of two"),
        (_gguf_pair("general.alignment", 5, struct.pack("<I", 8)), "of type 5, expected 4"),
        (gguf_file({"w": (99, (1,), b"")}), "unknown type 99"),
        (gguf_file({"w": (0, (1 << 33, 1 << 33), b"")}), "2^64 elements"),
        (gguf_file({"w": (GGUF_Q4_0, (33,), b"")}), "not whole blocks of 32"),
        (gguf_file({"w": (0, (2,), bytes(4))}), "'w' at [0, 8) passes the data of 4 bytes"),
        (gguf_file({"w": (0, (2,), b"")})[:-7], "passes the data of 0 bytes"),
    ],
)
def test_wrong_gguf(data: bytes, message: str) -> None:
    _refused("gguf", data, message)


def test_npy(tmp_path: Path) -> None:
    for array in (_WEIGHT, np.float64(3), np.zeros((0, 3), np.int8), np.zeros(2, np.bool_)):
        path = tmp_path / "bias.npy"
        np.save(path, array)
        index = ParameterIndex()
        index.load(path)
        assert bytes(index["bias"].contents()) == array.tobytes()


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weight=_WEIGHT.reshape(2, 3), count=np.int32(7))
    index = ParameterIndex()
    index.load(tmp_path / "a.npz")
    assert bytes(index["weight"].contents()) == _WEIGHT.tobytes()
    assert bytes(index["count"].contents()) == b"\7\0\0\0"
    np.savez_compressed(tmp_path / "c.npz", weight=np.zeros(1000))
    with pytest.raises(FormatError, match="compressed"):
        index.load(tmp_path / "c.npz")


def _npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x93NUMPX", "magic is"),
        (b"\x93NUMPY", "version 0"),
        (b"\x93NUMPY\x04\0", "version 4"),
        (b"\x93NUMPY\1\0\1", "header is cut off after 9 bytes"),
        (b"\x93NUMPY\1\0\xff\xff{}", "header of 65535 bytes, 2 are left"),
        (b"\x93NUMPY\1\0\2\0{}", "no array of numbers"),
        (_npy(_WEIGHT)[:-1], "array of 24 bytes, 23 are left"),
        (_npy(np.zeros((2, 3)).T), "Fortran order"),
        (_npy(np.zeros(2, ">f4")), "big-endian"),
        (_npy(np.zeros(2, [("a", "<f4")])), "no array of numbers"),
        (_npy(_WEIGHT).replace(b"'<f4'", b"'|O8'"), "no array of numbers"),
        (_npy(_WEIGHT).replace(b"(6,)", b"(9" + b"9" * 14 + b",)"), "3999999999999996 bytes, 38 are left"),
        (_npy(np.array(["ab"])), "no array of numbers"),
    ],
)
def test_wrong_npy(data: bytes, message: str) -> None:
    _refused("npy", data, message)


def test_npz_that_is_no_zip() -> None:
    _refused("npz", b"PK", "no zip file with entries")


def test_small_gguf_is_as_described() -> None:
    assert [entry.key for entry in _read("gguf", small_gguf())] == ["weight", "q"]
