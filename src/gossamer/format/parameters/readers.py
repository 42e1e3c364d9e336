"""Which reader belongs to a file: told by the end of its name."""

from __future__ import annotations

import os

from gossamer.errors import UnimplementedError
from gossamer.format.parameters.entries import ParameterEntries
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.read_gguf import read_gguf
from gossamer.format.parameters.read_irpa import read_irpa
from gossamer.format.parameters.read_numpy import read_npy, read_npz
from gossamer.format.parameters.read_safetensors import read_safetensors


def read_parameters(
    name: str, handle: FileHandle, index: ParameterEntries, *, path: str | os.PathLike[str] | None = None
) -> None:
    """Add the parameters of a file to an index; nothing is added where the file is bad.

    Args:
        name: of the file, or only its extension: `irpa`, `gguf`, `safetensors`, `npy`, `npz`.
        path: where the file is, where that is known.
    Raises: UnimplementedError for another extension, FormatError on bytes that are not of the format.
    """
    base = os.path.basename(name)
    extension = base.rpartition(".")[2].lower()
    match extension:
        case "irpa":
            read_irpa(handle, index, path=path)
        case "gguf":
            read_gguf(handle, index)
        case "safetensors":
            read_safetensors(handle, index)
        case "npy":
            read_npy(handle, index, path)
        case "npz":
            read_npz(handle, index)
        case _:
            raise UnimplementedError(
                f"unsupported file format `{extension}`; ensure the extension matches one of the supported "
                "formats: [.irpa, .gguf, .safetensors, .npy, .npz]"
            )
