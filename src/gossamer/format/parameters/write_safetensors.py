"""Writes `.safetensors` files: the length of a header, a JSON object of tensors, then their bytes.

Spec: github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from gossamer.format.module_def import Bytes
from gossamer.format.whole_file import whole_file

_LENGTH_BYTES = 8
_ALIGNMENT = 8


class TensorBytes(NamedTuple):
    """A tensor: its element type as the format spells it, its sizes, its bytes in row-major order."""

    element_type: str
    shape: tuple[int, ...]
    data: Bytes


def write_safetensors(path: str, tensors: Mapping[str, TensorBytes]) -> None:
    """Write tensors to a file.

    Raises: OSError.
    """
    header: dict[str, object] = {}
    position = 0
    for name, tensor in tensors.items():
        end = position + len(tensor.data)
        header[name] = {"dtype": tensor.element_type, "shape": tensor.shape, "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    with whole_file(path) as file:
        file.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.data)
