"""Parameters under IREE's Python names."""

from __future__ import annotations

import array
import gc
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gossamer.runtime as rt
from gossamer.compiler.api import compile_text
from parameter_files import small_gguf, small_safetensors

_ECHO = """
util.global private @a0 = #flow.parameter.named<"a"::"a0"> : tensor<4xi64>
util.global private @b0 = #flow.parameter.named<"b"::"b0"> : tensor<8xi64>
func.func @echo() -> (tensor<4xi64>, tensor<8xi64>) {
  %a0 = util.global.load @a0 : tensor<4xi64>
  %b0 = util.global.load @b0 : tensor<8xi64>
  return %a0, %b0 : tensor<4xi64>, tensor<8xi64>
}
"""


def _saved(tmp_path: Path) -> str:
    path = tmp_path / "saved.irpa"
    rt.save_archive_file(
        {
            "weight": rt.SplatValue(np.int8(2), [30, 20]),
            "bias": rt.SplatValue(array.array("b", [32]), 30),
            "array": np.array([[1], [2], [3]], np.int64),
        },
        path,
    )
    return str(path)


@pytest.mark.parametrize("mmap", [True, False])
def test_archives_come_back(tmp_path: Path, mmap: bool) -> None:
    index = rt.ParameterIndex()
    index.load(_saved(tmp_path), mmap=mmap)
    entries = dict(index.items())
    assert len(index) == 3
    assert repr(entries["weight"]) == "<ParameterIndexEntry 'weight' splat b'\\x02':600>"
    assert repr(entries["array"]).startswith("<ParameterIndexEntry 'array' FileHandle<host_allocation(<mem")
    assert repr(entries["array"]).endswith(")>:384:24")
    assert "Parameter scope <global> (3 entries, 654 total bytes)" in repr(index)
    np.testing.assert_array_equal(np.asarray(entries["array"].file_view).view(np.int64), [1, 2, 3])
    assert entries["array"].file_storage[1] == 384
    assert (entries["weight"].is_splat, entries["weight"].is_file) == (True, False)
    with pytest.raises(ValueError, match="Entry is not file storage based"):
        entries["weight"].file_view  # noqa: B018
    with pytest.raises(ValueError, match="Entry is not splat"):
        entries["array"].splat_pattern  # noqa: B018


def test_archives_by_descriptor(tmp_path: Path) -> None:
    index = rt.ParameterIndex()
    with Path(_saved(tmp_path)).open("rb") as file:
        handle = rt.FileHandle.wrap_fd(file.fileno())
        assert (handle.is_fd, handle.fd, handle.is_host_allocation) == (True, file.fileno(), False)
        index.load_from_file_handle(handle, "irpa")
        with pytest.raises(ValueError, match="not based on a host allocation"):
            index[2].file_view  # noqa: B018
    assert repr(index[2]).startswith("<ParameterIndexEntry 'array' FileHandle<fd(")
    with pytest.raises(ValueError, match="Could not wrap host fd into a file handle: INVALID_ARGUMENT"):
        rt.FileHandle.wrap_fd(1 << 20)


def test_file_handles_of_memory() -> None:
    handle = rt.FileHandle.wrap_memory(b"foobar")
    view = handle.host_allocation
    assert repr(handle).startswith("FileHandle<host_allocation(<memory at ")
    assert (handle.is_fd, handle.fd, handle.is_async) == (False, -1, False)
    del handle
    gc.collect()
    assert bytes(view) == b"foobar"
    writable = rt.FileHandle.wrap_memory(bytearray(2), writable=True)
    memoryview(writable)[0] = 7  # pyright: ignore[reportArgumentType]
    assert bytes(writable) == b"\7\0"
    with pytest.raises(RuntimeError, match="read-only memory"):
        rt.FileHandle.wrap_memory(b"foobar", writable=True)
    with pytest.raises(ValueError, match="contiguous"):
        rt.FileHandle.wrap_memory(np.zeros((4, 4))[:, 1])
    with pytest.raises(TypeError):
        rt.FileHandle.wrap_memory("text")


def test_entries_are_added_one_by_one() -> None:
    index = rt.ParameterIndex()
    handle = rt.FileHandle.wrap_memory(b"foobar")
    index.reserve(10)
    index.add_from_file_handle("data", handle, length=3, offset=3, metadata="note")
    index.add_buffer("buffer", np.arange(3, dtype=np.int8))
    assert (index[0].key, index[0].length, index[0].metadata) == ("data", 3, b"note")
    assert [bytes(entry.file_view) for entry in index] == [b"bar", b"\0\1\2"]
    with pytest.raises(IndexError, match="OUT_OF_RANGE; entry 2 out of range"):
        index[2]
    with pytest.raises(IndexError, match="passes its file of 6 bytes"):
        index.add_from_file_handle("data", handle, length=4, offset=3)
    with pytest.raises(ValueError, match="pattern must be limited to 16 bytes"):
        index.add_splat("weight", array.array("f", [1.0] * 5), 40)


def test_writing_archives(tmp_path: Path) -> None:
    index = rt.ParameterIndex()
    index.add_buffer("a", b"abc")
    target = rt.ParameterIndex()
    assert index.create_archive_file(str(tmp_path / "a.irpa"), target_index=target) is target
    assert bytes(target[0].file_view) == b"abc"
    assert bytes(index.create_archive_file(str(tmp_path / "b.irpa"), 100)[0].file_view) == b"abc"
    with pytest.raises(ValueError, match=r"Error building parameter archive: .*'/no/a.irpa'"):
        index.create_archive_file("/no/a.irpa")
    index.add_splat("k", b"abc", 9)
    with pytest.raises(ValueError, match="Error building parameter archive"):
        index.create_archive_file(str(tmp_path / "c.irpa"))


def test_other_formats(tmp_path: Path) -> None:
    for name, data in (("w.gguf", small_gguf()), ("w.safetensors", small_safetensors())):
        (tmp_path / name).write_bytes(data)
        index = rt.ParameterIndex()
        index.load(str(tmp_path / name))
        weight = np.asarray(dict(index.items())["weight"].file_view).view(np.float32)
        np.testing.assert_array_equal(weight, np.arange(6))
    index = rt.ParameterIndex()
    with pytest.raises(ValueError, match="Mapping parameter file: NOT_FOUND"):
        index.load(str(tmp_path / "absent.irpa"))
    with pytest.raises(ValueError, match="Could not parse parameter file index: INVALID_ARGUMENT; irpa at"):
        index.load(str(tmp_path / "w.gguf"), format="irpa")
    (tmp_path / "w.xyz").write_bytes(b"")
    with pytest.raises(NotImplementedError, match="unsupported file format `xyz`"):
        index.load(str(tmp_path / "w.xyz"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint64", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_arrays_keep_type_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    values = np.ones(shape, dtype)
    index = rt.ParameterIndex()
    rt.parameter_index_add_numpy_ndarray(index, "k", values)
    back = rt.parameter_index_entry_as_numpy_ndarray(index[0])
    np.testing.assert_array_equal(back, values, strict=True)
    assert json.loads(index[0].metadata.decode().removeprefix("TENSORv0:"))["shape"] == list(shape)


def test_splats_become_arrays() -> None:
    index = rt.ParameterIndex()
    metadata = 'PYTORCH:{"type": "Tensor", "dtype": "int16", "shape": [3]}'
    index.add_splat("k", np.int16(5), 6, metadata=metadata)
    assert rt.parameter_index_entry_as_numpy_ndarray(index[0]).tolist() == [5, 5, 5]
    assert rt.parameter_index_entry_as_numpy_flat_ndarray(index[0]).tolist() == [5, 0]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "format version prefix not found"),
        ("X:{}", 'Unsupported metadata format version "X"'),
        ("TENSORv0:{}", "Bad metadata for parameter entry k"),
        ("TENSORv0:[]", "Bad metadata"),
        ('TENSORv0:{"type": "List"}', "is not a Tensor"),
        ('TENSORv0:{"type": "Tensor", "dtype": "f99", "shape": []}', "Unsupported dtype"),
        ('TENSORv0:{"type": "Tensor", "dtype": "int8", "shape": ["x"]}', "Illegal shape"),
        ('TENSORv0:{"type": "Tensor", "dtype": "int8", "shape": [5]}', "cannot reshape"),
        ("TENSORv0:{", "property name"),
    ],
)
def test_metadata_that_describes_no_array(metadata: str | None, message: str) -> None:
    index = rt.ParameterIndex()
    index.add_buffer("k", b"abc", metadata=metadata)
    with pytest.raises(ValueError, match=message):
        rt.parameter_index_entry_as_numpy_ndarray(index[0])


def test_splat_values() -> None:
    assert rt.SplatValue(np.float32(2), [3, 4]).total_length == 48
    assert repr(rt.SplatValue(np.float32(2), 3)) == "SplatValue(2.0 of 12)"
    with pytest.raises(ValueError, match="array of a single element"):
        rt.SplatValue(np.zeros(2), 3)


def test_programs_get_parameters_from_providers() -> None:
    values: dict[str, Any] = {"a0": np.arange(4), "b0": np.arange(8)}
    providers: list[rt.ParameterProvider] = []
    for key, value in values.items():
        index = rt.ParameterIndex()
        index.add_buffer(key, value)
        providers.append(index.create_provider(scope=key[0], max_concurrent_operations=2))
    config = rt.Config("local-sync")
    modules = rt.load_vm_modules(
        rt.create_io_parameters_module(config.vm_instance, *providers),
        rt.create_hal_module(config.vm_instance, config.device),
        rt.VmModule.copy_buffer(config.vm_instance, compile_text(_ECHO)),
        config=config,
    )
    for result, value in zip(modules[-1].echo(), values.values(), strict=True):
        np.testing.assert_array_equal(result.to_host(), value)
    with pytest.raises(TypeError, match="expected parameter providers"):
        rt.create_io_parameters_module(config.vm_instance, 5)  # pyright: ignore[reportArgumentType]
