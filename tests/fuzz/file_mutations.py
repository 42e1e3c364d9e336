"""Mutated copies of good files: of a field whose meaning is known, or of any bytes."""

from __future__ import annotations

import random

from module_fields import FileMap

INTERESTING = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000,
               0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)  # fmt: skip
_WIDE = (1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 8)
_STRUCTURED_SHARE = 0.6


def mutate(data: bytes, generator: random.Random, file_map: FileMap | None = None) -> bytes:
    """One mutated copy of a good file.

    Args:
        file_map: of its fields; without it any bytes are mutated.
    """
    mutated = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        if file_map is not None and generator.random() < _STRUCTURED_SHARE:
            _set_field(mutated, generator, file_map)
        else:
            _MUTATORS[generator.randrange(len(_MUTATORS))](mutated, generator)
    return bytes(mutated)


def _set_field(data: bytearray, generator: random.Random, file_map: FileMap) -> None:
    fields = file_map.fields[generator.choice(list(file_map.fields))]
    _, position, size = generator.choice(fields)
    if position + size > len(data):
        return
    old = int.from_bytes(data[position : position + size], "little")
    match generator.randrange(5):
        case 0:
            new = generator.choice((*INTERESTING, *_WIDE, len(data)))
        case 1:
            new = old + generator.choice((-8, -4, -2, -1, 1, 2, 4, 8))
        case 2:
            new = old ^ 1 << generator.randrange(8 * size)
        case 3:
            # What another field of this kind holds: mostly valid, but in the wrong place.
            _, other, length = generator.choice(fields)
            new = int.from_bytes(data[other : other + length], "little")
        case _:
            new = generator.getrandbits(8 * min(size, 8))
    data[position : position + size] = (new & (1 << 8 * size) - 1).to_bytes(size, "little")


def _set_word(data: bytearray, generator: random.Random) -> None:
    if len(data) >= 8:
        size = generator.choice((1, 2, 4, 8))
        position = generator.randrange(0, len(data) - 7) & -size
        value = generator.choice((*INTERESTING, len(data), generator.getrandbits(32)))
        data[position : position + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def _nudge_word(data: bytearray, generator: random.Random) -> None:
    if len(data) >= 4:
        position = generator.randrange(0, len(data) - 3) & -2
        value = int.from_bytes(data[position : position + 2], "little") + generator.choice(
            (-4, -2, -1, 1, 2, 4)
        )
        data[position : position + 2] = (value & 0xFFFF).to_bytes(2, "little")


def _flip_bit(data: bytearray, generator: random.Random) -> None:
    if data:
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def _random_bytes(data: bytearray, generator: random.Random) -> None:
    position = generator.randrange(len(data) + 1)
    count = generator.randrange(1, 16)
    data[position : position + count] = generator.randbytes(min(count, max(len(data) - position, 0)))


def _truncate(data: bytearray, generator: random.Random) -> None:
    del data[generator.randrange(len(data) + 1) :]


def _copy_range(data: bytearray, generator: random.Random) -> None:
    if data:
        count = generator.choice((1, 2, 4, 8, 20, 64))
        source, target = generator.randrange(len(data)), generator.randrange(len(data))
        piece = data[source : source + count]
        data[target : target + len(piece)] = piece[: len(data) - target]


_MUTATORS = (_set_word, _set_word, _nudge_word, _nudge_word, _flip_bit, _flip_bit, _random_bytes, _truncate,
             _copy_range)  # fmt: skip
