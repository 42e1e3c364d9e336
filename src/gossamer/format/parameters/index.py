"""Parameter indices: entries that files can be loaded into.

    index = ParameterIndex()
    index.load("model.irpa")
    index["weight"].length

Mirrors `iree/io/parameter_index.h`.
"""

from __future__ import annotations

import os

from gossamer.errors import InvalidArgumentError
from gossamer.format.parameters.entries import ParameterEntries
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.readers import read_parameters


class ParameterIndex(ParameterEntries):
    """Parameters of one scope, by key, from files and memory."""

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,
        writable: bool = False,
        preload: bool = False,
    ) -> None:
        """Add the parameters of a file.

        Args:
            format: `irpa`, `gguf`, `safetensors`, `npy` or `npz`; by default what the path ends in.
            writable: let programs store to the file.
            preload: read all of it now instead of mapping it.
        Raises: NotFoundError where there is no such file, UnimplementedError for another format, FormatError
            on bytes that are not what the format says.
        """
        if preload and writable:
            raise InvalidArgumentError("a preloaded parameter file cannot be written to")
        handle = FileHandle.preload(path) if preload else FileHandle.open(path, writable=writable)
        read_parameters(format or os.fspath(path), handle, self, path=path)
