"""Parameter files for tests, made byte by byte: nothing here uses the code under test."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence

import numpy as np

GGUF_F32 = 0
GGUF_Q4_0 = 2


def safetensors_file(
    tensors: Mapping[str, tuple[str, Sequence[int], bytes]], *, metadata: bool = False
) -> bytes:
    """A `.safetensors` file of type, shape and bytes by key."""
    header: dict[str, object] = {"__metadata__": {"format": "np"}} if metadata else {}
    data = b""
    for key, (dtype, shape, contents) in tensors.items():
        offsets = [len(data), len(data) + len(contents)]
        header[key] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        data += contents
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def gguf_string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def gguf_file(
    tensors: Mapping[str, tuple[int, Sequence[int], bytes]],
    *,
    version: int = 3,
    alignment: int | None = None,
    metadata: Sequence[bytes] = (),
) -> bytes:
    """A `.gguf` file of type code, dimensions and bytes by key."""
    pairs = list(metadata)
    if alignment is not None:
        pairs.append(gguf_string("general.alignment") + struct.pack("<II", 4, alignment))
    step = alignment or 32
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs)
    data = b""
    for key, (kind, shape, contents) in tensors.items():
        data += bytes(-len(data) % step)
        head += gguf_string(key) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(data))
        data += contents
    return head + bytes(-len(head) % step) + data


def gguf_metadata() -> list[bytes]:
    """A pair of every kind of value."""
    scalars = [(0, b"\1"), (3, b"\1\0"), (5, b"\1\0\0\0"), (7, b"\1"), (10, bytes(8)), (12, bytes(8))]
    pairs = [gguf_string(f"s{kind}") + struct.pack("<I", kind) + data for kind, data in scalars]
    pairs.append(gguf_string("text") + struct.pack("<I", 8) + gguf_string("value"))
    pairs.append(gguf_string("words") + struct.pack("<IIQ", 9, 8, 2) + gguf_string("a") + gguf_string("bc"))
    pairs.append(gguf_string("numbers") + struct.pack("<IIQ", 9, 4, 3) + bytes(12))
    return pairs


def irpa_header(
    entry_count: int,
    entries: tuple[int, int],
    metadata: tuple[int, int],
    storage: tuple[int, int],
    *,
    magic: bytes = b"IRPA",
    version: tuple[int, int] = (0, 0),
    size: int = 88,
    next_header: int = 0,
) -> bytes:
    """The header of an `.irpa` archive; pairs are offset and length."""
    prefix = magic + struct.pack("<HHQQQ", *version, size, next_header, 0)
    return prefix + struct.pack("<7Q", entry_count, *entries, *metadata, *storage)


def irpa_entry(kind: int, name: tuple[int, int], body: bytes, *, size: int | None = None) -> bytes:
    """A record of the entry table, padded; `name` is offset and length in the metadata segment."""
    record = (
        struct.pack("<QIQQQQQQ", 60 + len(body) if size is None else size, kind, 0, *name, 0, 0, 64) + body
    )
    return record + bytes(-len(record) % 16)


def irpa_archive(entries: Sequence[bytes], names: bytes, storage: bytes, *, next_header: int = 0) -> bytes:
    """An archive of entry records, names and bytes; the storage segment starts at a multiple of 64."""
    table = b"".join(entries)
    head = 96 + len(table) + len(names)
    start = head + -head % 64
    header = irpa_header(
        *(len(entries), (96, len(table)), (96 + len(table), len(names)), (start, len(storage))),
        next_header=next_header,
    )
    return header + bytes(8) + table + names + bytes(start - head) + storage


def small_irpa() -> bytes:
    """An archive with a splat, data and a skipped entry."""
    splat = struct.pack("<Q16sB", 64, b"\1\2\3\4", 4)
    entries = [
        irpa_entry(1, (0, 5), splat),
        irpa_entry(2, (5, 4), struct.pack("<QQ", 64, 16)),
        irpa_entry(0, (0, 0), b""),
    ]
    return irpa_archive(entries, b"splatdata", bytes(64) + np.arange(4, dtype=np.float32).tobytes())


def small_safetensors() -> bytes:
    """A file with two tensors, one of them empty, and metadata."""
    array = np.arange(6, dtype=np.float32)
    return safetensors_file(
        {"weight": ("F32", (2, 3), array.tobytes()), "none": ("I8", (0,), b"")}, metadata=True
    )


def small_gguf() -> bytes:
    """A file with a plain and a quantised tensor and metadata of every kind."""
    array = np.arange(6, dtype=np.float32)
    return gguf_file(
        {"weight": (GGUF_F32, (3, 2), array.tobytes()), "q": (GGUF_Q4_0, (64,), bytes(range(36)))},
        metadata=gguf_metadata(),
    )
