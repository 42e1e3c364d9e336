"""States in files: `pipeline.state.save(path)`, `load(path)`.

A zip archive, not compressed: `state.json` says what the state is of, each tensor and buffer is an entry of
its bytes, and what a class in Python gave is an entry in pickle's format, which is only read when the caller
says that the file is to be trusted.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any, cast

from gossamer.errors import FormatError, InvalidArgumentError, PermissionDeniedError
from gossamer.format.whole_file import whole_file
from gossamer.runtime.program_state.snapshot import SavedModule, Snapshot
from gossamer.runtime.program_state.values import SavedTensor
from gossamer.versions import STATE_FILE_VERSION

_MANIFEST = "state.json"


def write_state(path: str, snapshot: Snapshot) -> None:
    """Write a snapshot to a file.

    Raises: InvalidArgumentError where it holds what cannot leave the process; OSError.
    """
    modules = snapshot.portable().saved
    described: list[dict[str, Any]] = []
    entries: dict[str, bytes] = {}
    for module in modules.values():
        values = {
            name: _describe(value, f"{len(described)}/{number}", entries, f"{module.name}.{name}")
            for number, (name, value) in enumerate(module.values.items())
        }
        described.append(
            {
                "name": module.name,
                "version": module.version,
                "digest": module.digest,
                "types": dict(module.types),
                "values": values,
            }
        )
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        manifest = {"version": STATE_FILE_VERSION, "modules": described}
        for name, data in ((_MANIFEST, json.dumps(manifest, indent=1).encode()), *entries.items()):
            # Why a date of its own: the same state gives the same file.
            archive.writestr(zipfile.ZipInfo(name), data)


def read_state(path: str, *, allow_pickle: bool) -> Snapshot:
    """Read a file that `write_state` wrote.

    Args:
        path: of the file.
        allow_pickle: read Python objects too, which runs code that the file names.
    Raises: FormatError, PermissionDeniedError for Python objects where they are not allowed, OSError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            version = manifest["version"]
            if version != STATE_FILE_VERSION:
                raise FormatError(f"state file {path} has version {version}, expected {STATE_FILE_VERSION}")
            modules = [_read_module(described, archive, allow_pickle) for described in manifest["modules"]]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"'{path}' is no state file: {error}") from error
    return Snapshot({}, {}, {module.name: module for module in modules})


def _describe(value: object, entry: str, entries: dict[str, bytes], name: str) -> dict[str, Any]:
    if value is None or type(value) in (bool, int, float):
        return {"kind": "value", "value": value}
    if isinstance(value, SavedTensor):
        entries[entry] = value.data
        return {"kind": "tensor", "entry": entry, "shape": value.shape, "element_type": value.element_type}
    if type(value) is bytes:
        entries[entry] = value
        return {"kind": "bytes", "entry": entry}
    try:
        entries[entry] = pickle.dumps(value)
    except Exception as error:
        kind = type(value).__name__
        raise InvalidArgumentError(f"{name} is a {kind}, which cannot be saved: {error}") from error
    return {"kind": "pickle", "entry": entry}


def _read_module(described: Mapping[str, Any], archive: zipfile.ZipFile, allow_pickle: bool) -> SavedModule:
    name = str(described["name"])
    values = {
        key: _read_value(value, archive, allow_pickle, f"{name}.{key}")
        for key, value in cast("dict[str, dict[str, Any]]", described["values"]).items()
    }
    types = {str(key): str(type) for key, type in cast("dict[str, str]", described["types"]).items()}
    return SavedModule(name, int(described["version"]), str(described["digest"]), types, values)


def _read_value(
    described: Mapping[str, Any], archive: zipfile.ZipFile, allow_pickle: bool, name: str
) -> object:
    kind = described["kind"]
    if kind == "value":
        return described["value"]
    data = archive.read(described["entry"])
    if kind == "bytes":
        return data
    if kind == "tensor":
        shape = tuple(int(size) for size in described["shape"])
        return SavedTensor(shape, int(described["element_type"]), data)
    if kind != "pickle":
        raise FormatError(f"value {name} of a state file has unknown kind {kind!r}")
    if not allow_pickle:
        raise PermissionDeniedError(
            f"{name} is a Python object, and reading it runs code that the file names; "
            "allow_pickle=True reads it from a file that you trust"
        )
    return pickle.loads(data)
