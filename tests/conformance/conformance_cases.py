"""Functions of one operation each, called with a few arguments, as text for the reference's assembler.

All take and return i32 and i64 only: floats pass as their bits, the contents of buffers as a checksum.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = """\
vm.module @conformance version 0
vm.type f32
vm.type f64
vm.type i16
vm.type i32
vm.type i64
vm.type i8
vm.type !vm.buffer
vm.type !vm.list<f32>
vm.type !vm.list<i32>
vm.type !vm.opaque
vm.import @hal.devices.count cconv "0v_i"
vm.import @hal.fence.join cconv "0ICrD_r"
vm.import @hal.fence.await cconv "0iICrD_i"
vm.import optional @hal.no_such_function cconv "0i_i"
vm.rodata[0] = 000102030405868788090A0B0C0D8E
vm.rodata[1] = 0001020304050607

"""

CALLEE = "callee"
"""Private function `(i64, i32) -> (i64, i32)` that calls may name by ordinal; it is the module's last."""

BITS = {"i32": "i32", "i64": "i64", "f32": "i32", "f64": "i64"}
WIDE = ("i64", "f64")
_SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "f32": 4, "f64": 8}


@dataclass(frozen=True)
class Case:
    """A function and the arguments to call it with.

    Attributes:
        signature: value types of arguments and of the result, as in `i32 i64 -> i64`.
        calls: argument tuples.
        lines: body; a label starts in the first column.
    """

    name: str
    signature: str
    calls: tuple[tuple[int, ...], ...]
    lines: tuple[str, ...]

    @property
    def convention(self) -> str:
        """Calling convention string."""
        arguments, _, results = self.signature.partition("->")
        letters = {"i32": "i", "i64": "I"}
        parts = ["".join(letters[type_] for type_ in side.split()) or "v" for side in (arguments, results)]
        return "0" + "_".join(parts)

    def text(self) -> str:
        """The function, exported under its name."""
        arguments, _, results = self.signature.partition("->")
        parameters = ", ".join(_parameters(arguments.split()))
        body = "\n".join(line if line.startswith("^") else f"  {line}" for line in self.lines)
        return (
            f"vm.export @{self.name}\nvm.func @{self.name}({parameters}) -> ({', '.join(results.split())}) "
            f"{{\n^bb0:\n{body}\n}}\n\n"
        )


def _parameters(types: list[str]) -> Iterator[str]:
    cell = 0
    for type_ in types:
        cell += cell & 1 if type_ == "i64" else 0
        yield f"{wide(cell) if type_ == 'i64' else f'%i{cell}'}: {type_}"
        cell += 2 if type_ == "i64" else 1


def wide(cell: int) -> str:
    """A register of two cells."""
    return f"%i{cell}:{cell + 1}"


def register_of(type_: str, cell: int) -> str:
    return wide(cell) if type_ in WIDE else f"%i{cell}"


def to_float(type_: str, cell: int) -> list[str]:
    """Turn the bits in a register into the float they stand for."""
    if type_ not in ("f32", "f64"):
        return []
    name = register_of(type_, cell)
    return [f"{name} = vm.bitcast.{BITS[type_]}.{type_} {name}"]


def to_bits(type_: str, cell: int) -> list[str]:
    if type_ not in ("f32", "f64"):
        return []
    name = register_of(type_, cell)
    return [f"{name} = vm.bitcast.{type_}.{BITS[type_]} {name}"]


def _allocate(ref: int, length: int) -> list[str]:
    """A buffer of known content: its first 8 bytes are the rodata's."""
    return [
        f"%i60:61 = vm.const.i64 {length}",
        "%i62 = vm.const.i32 16",
        f"%r{ref} = vm.buffer.alloc %i60:61, %i62",
        "%r9 = vm.const.ref.rodata 1",
        "%i64:65 = vm.const.i64.zero",
        "%i66:67 = vm.const.i64 8",
        f"vm.buffer.copy %r9, %i64:65, %r{ref}, %i64:65, %i66:67",
        "vm.discard.refs %r9",
    ]


def _return_checksum(ref: int, *refs: int) -> list[str]:
    """Return a number that depends on every byte of a buffer; labels from 40 on are its own."""
    return [
        "%i60:61 = vm.const.i64.zero",
        f"%i62:63 = vm.buffer.length %r{ref}",
        "%i64:65 = vm.const.i64 1",
        "%i66:67 = vm.const.i64 1000003",
        "%i68:69 = vm.const.i64.zero",
        "vm.br ^bb40()",
        "^bb40:",
        "%i70 = vm.cmp.lt.i64.s %i60:61, %i62:63",
        "vm.cond_br %i70, ^bb41(), ^bb42()",
        "^bb41:",
        f"%i71 = vm.buffer.load.i8.u %r{ref}, %i60:61",
        "%i72:73 = vm.ext.i32.i64.u %i71",
        "%i68:69 = vm.fma.i64 %i68:69, %i66:67, %i72:73",
        "%i60:61 = vm.add.i64 %i60:61, %i64:65",
        "vm.br ^bb40()",
        "^bb42:",
        f"vm.discard.refs {', '.join(f'%r{each}' for each in (ref, *refs))}",
        "vm.return %i68:69",
    ]


def _loads() -> Iterator[Case]:
    for name, type_ in (
        *(("i8.u", "i8"), ("i8.s", "i8"), ("i16.u", "i16"), ("i16.s", "i16")),
        *(("i32", "i32"), ("i64", "i64"), ("f32", "f32"), ("f64", "f64")),
    ):
        count = 15 // _SIZES[type_]
        result = type_ if type_ in BITS else "i32"
        yield Case(
            f"load_{name.replace('.', '_')}",
            f"i64 -> {BITS[result]}",
            tuple((index,) for index in (0, 1, count - 1, count, count + 5, 1 << 32, (1 << 60) - 1)),
            (
                "%r0 = vm.const.ref.rodata 0",
                f"{register_of(result, 8)} = vm.buffer.load.{name} %r0, %i0:1",
                *to_bits(result, 8),
                "vm.discard.refs %r0",
                f"vm.return {register_of(result, 8)}",
            ),
        )


def _stores() -> Iterator[Case]:
    values = {"i32": (0, -1, 0x12345678, -0x12345678), "i64": (0, -1, 0x123456789ABCDEF0)}
    for type_ in ("i8", "i16", "i32", "i64", "f32", "f64"):
        value_type = type_ if type_ in BITS else "i32"
        count = 19 // _SIZES[type_]
        calls = itertools.product((0, 1, count - 1, count, 1 << 33), values[BITS[value_type]])
        store = f"vm.buffer.store.{type_} {register_of(value_type, 2)}, %r0, %i0:1"
        yield Case(
            f"store_{type_}",
            f"i64 {BITS[value_type]} -> i64",
            tuple(calls),
            (*to_float(value_type, 2), *_allocate(0, 19), store, *_return_checksum(0)),
        )
        fill = f"vm.buffer.fill.{type_} %r0, %i0:1, %i2:3, {register_of(value_type, 4)}"
        ranges = ((0, 0), (0, count), (1, count - 1), (1, count), (count, 0), (count + 1, 0), (0, 1 << 33))
        yield Case(
            f"fill_{type_}",
            f"i64 i64 {BITS[value_type]} -> i64",
            tuple((*range_, value) for range_ in ranges for value in values[BITS[value_type]][1:3]),
            (*to_float(value_type, 4), *_allocate(0, 19), fill, *_return_checksum(0)),
        )
        yield Case(
            f"store_{type_}_to_rodata",
            f"i64 {BITS[value_type]} -> i32",
            ((0, 1), (100, 1)),
            ("%r0 = vm.const.ref.rodata 0", *to_float(value_type, 2), store, "vm.return %i2"),
        )
        yield Case(
            f"store_{type_}_to_null",
            f"i64 {BITS[value_type]} -> i32",
            ((0, 1),),
            ("%r0 = vm.const.ref.zero", *to_float(value_type, 2), store, "vm.return %i2"),
        )


def _buffers() -> Iterator[Case]:
    ranges = ((0, 0), (0, 15), (3, 9), (0, 16), (15, 0), (16, 0), (14, 2), (1 << 40, 1))
    yield Case(
        "buffer_hash",
        "i64 i64 -> i64",
        ranges,
        (
            "%r0 = vm.const.ref.rodata 0",
            "%i8:9 = vm.buffer.hash %r0, %i0:1, %i2:3",
            "vm.discard.refs %r0",
            "vm.return %i8:9",
        ),
    )
    yield Case(
        "buffer_clone",
        "i64 i64 -> i64",
        ranges,
        (
            "%r0 = vm.const.ref.rodata 0",
            "%i8 = vm.const.i32 32",
            "%r1 = vm.buffer.clone %r0, %i0:1, %i2:3, %i8",
            "%i10 = vm.const.i32 255",
            *_return_checksum(1, 0),
        ),
    )
    for name, lines in (
        ("buffer_length", ("%i8:9 = vm.buffer.length %r0", "vm.discard.refs %r0", "vm.return %i8:9")),
        ("buffer_alloc", tuple(_return_checksum(0))),
    ):
        yield Case(
            name,
            "i64 -> i64",
            tuple((length,) for length in (0, 1, 7, 64, 1000, 20000)),
            ("%i8 = vm.const.i32 16", "%r0 = vm.buffer.alloc %i0:1, %i8", *lines),
        )
    offsets = ((0, 0, 8), (3, 1, 5), (0, 16, 3), (0, 17, 3), (0, 0, 16), (15, 19, 0), (16, 0, 0), (0, 20, 0))
    yield Case(
        "buffer_copy",
        "i64 i64 i64 -> i64",
        offsets,
        (
            "%r0 = vm.const.ref.rodata 0",
            *_allocate(1, 19),
            "vm.buffer.copy %r0, %i0:1, %r1, %i2:3, %i4:5",
            *_return_checksum(1, 0),
        ),
    )
    yield Case(
        "buffer_compare",
        "i64 i64 i64 -> i32",
        (*offsets, (0, 0, 6), (1, 1, 4), (1, 2, 4), (9, 9, 3)),
        (
            "%r0 = vm.const.ref.rodata 0",
            *_allocate(1, 19),
            "%i8 = vm.buffer.compare %r0, %i0:1, %r1, %i2:3, %i4:5",
            "vm.discard.refs %r0, %r1",
            "vm.return %i8",
        ),
    )
    yield Case(
        "buffer_length_of_null",
        "-> i64",
        ((),),
        ("%r0 = vm.const.ref.zero", "%i8:9 = vm.buffer.length %r0", "vm.return %i8:9"),
    )


def memory_cases() -> list[Case]:
    """Cases of buffers."""
    return [*_loads(), *_stores(), *_buffers()]
