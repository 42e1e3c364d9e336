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

_BITS = {"i32": "i32", "i64": "i64", "f32": "i32", "f64": "i64"}
_WIDE = ("i64", "f64")
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


def _register(type_: str, cell: int) -> str:
    return wide(cell) if type_ in _WIDE else f"%i{cell}"


def _to_float(type_: str, cell: int) -> list[str]:
    """Turn the bits in a register into the float they stand for."""
    if type_ not in ("f32", "f64"):
        return []
    name = _register(type_, cell)
    return [f"{name} = vm.bitcast.{_BITS[type_]}.{type_} {name}"]


def _to_bits(type_: str, cell: int) -> list[str]:
    if type_ not in ("f32", "f64"):
        return []
    name = _register(type_, cell)
    return [f"{name} = vm.bitcast.{type_}.{_BITS[type_]} {name}"]


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
        result = type_ if type_ in _BITS else "i32"
        yield Case(
            f"load_{name.replace('.', '_')}",
            f"i64 -> {_BITS[result]}",
            tuple((index,) for index in (0, 1, count - 1, count, count + 5, 1 << 32, (1 << 60) - 1)),
            (
                "%r0 = vm.const.ref.rodata 0",
                f"{_register(result, 8)} = vm.buffer.load.{name} %r0, %i0:1",
                *_to_bits(result, 8),
                "vm.discard.refs %r0",
                f"vm.return {_register(result, 8)}",
            ),
        )


def _stores() -> Iterator[Case]:
    values = {"i32": (0, -1, 0x12345678, -0x12345678), "i64": (0, -1, 0x123456789ABCDEF0)}
    for type_ in ("i8", "i16", "i32", "i64", "f32", "f64"):
        value_type = type_ if type_ in _BITS else "i32"
        count = 19 // _SIZES[type_]
        calls = itertools.product((0, 1, count - 1, count, 1 << 33), values[_BITS[value_type]])
        store = f"vm.buffer.store.{type_} {_register(value_type, 2)}, %r0, %i0:1"
        yield Case(
            f"store_{type_}",
            f"i64 {_BITS[value_type]} -> i64",
            tuple(calls),
            (*_to_float(value_type, 2), *_allocate(0, 19), store, *_return_checksum(0)),
        )
        fill = f"vm.buffer.fill.{type_} %r0, %i0:1, %i2:3, {_register(value_type, 4)}"
        ranges = ((0, 0), (0, count), (1, count - 1), (1, count), (count, 0), (count + 1, 0), (0, 1 << 33))
        yield Case(
            f"fill_{type_}",
            f"i64 i64 {_BITS[value_type]} -> i64",
            tuple((*range_, value) for range_ in ranges for value in values[_BITS[value_type]][1:3]),
            (*_to_float(value_type, 4), *_allocate(0, 19), fill, *_return_checksum(0)),
        )
        yield Case(
            f"store_{type_}_to_rodata",
            f"i64 {_BITS[value_type]} -> i32",
            ((0, 1), (100, 1)),
            ("%r0 = vm.const.ref.rodata 0", *_to_float(value_type, 2), store, "vm.return %i2"),
        )
        yield Case(
            f"store_{type_}_to_null",
            f"i64 {_BITS[value_type]} -> i32",
            ((0, 1),),
            ("%r0 = vm.const.ref.zero", *_to_float(value_type, 2), store, "vm.return %i2"),
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


def _lists() -> Iterator[Case]:
    elements = ("i8", "i16", "i32", "i64", "f32", "f64", "!vm.opaque")
    values = {"i32": (0, 1, -1, 0x1FF81, 0x40490FDB), "i64": (5, -1, 0x1_0000_0081, 0x400921FB54442D18)}
    accesses = ("i32", "i64", "f32", "f64")
    for element, stored, loaded in itertools.product(elements, accesses, accesses):
        yield Case(
            f"list_of_{element.strip('!').replace('.', '_')}_set_{stored}_get_{loaded}",
            f"{_BITS[stored]} -> {_BITS[loaded]}",
            tuple((value,) for value in values[_BITS[stored]]),
            (
                *_to_float(stored, 0),
                "%i20 = vm.const.i32 3",
                "%i21 = vm.const.i32 1",
                f"%r0 = vm.list.alloc %i20 : !vm.list<{element}>",
                "vm.list.resize %r0, %i20",
                f"vm.list.set.{stored} %r0, %i21, {_register(stored, 0)}",
                f"{_register(loaded, 8)} = vm.list.get.{loaded} %r0, %i21",
                *_to_bits(loaded, 8),
                "vm.discard.refs %r0",
                f"vm.return {_register(loaded, 8)}",
            ),
        )
    for access in accesses:
        yield Case(
            f"list_bounds_{access}",
            f"i32 -> {_BITS[access]}",
            ((0,), (2,), (3,), (-1,)),
            (
                "%i20 = vm.const.i32 3",
                f"%r0 = vm.list.alloc %i20 : !vm.list<{access}>",
                "vm.list.resize %r0, %i20",
                f"{_register(access, 8)} = vm.list.get.{access} %r0, %i0",
                f"vm.list.set.{access} %r0, %i0, {_register(access, 8)}",
                *_to_bits(access, 8),
                "vm.discard.refs %r0",
                f"vm.return {_register(access, 8)}",
            ),
        )
    yield Case(
        "list_sizes",
        "i32 i32 -> i32",
        ((0, 0), (5, 3), (3, 5), (100, 1)),
        (
            "%r0 = vm.list.alloc %i0 : !vm.list<i32>",
            "vm.list.reserve %r0, %i1",
            "vm.list.resize %r0, %i0",
            "vm.list.resize %r0, %i1",
            "%i8 = vm.list.size %r0",
            "vm.discard.refs %r0",
            "vm.return %i8",
        ),
    )
    yield Case(
        "list_of_refs",
        "i32 i32 -> i32",
        ((0, 0), (0, 1), (1, 1), (2, 0), (0, 2)),
        (
            "%i20 = vm.const.i32 2",
            "%r0 = vm.list.alloc %i20 : !vm.list<!vm.buffer>",
            "vm.list.resize %r0, %i20",
            "%r1 = vm.const.ref.rodata 0",
            "vm.list.set.ref %r0, %i0, %R1",
            "%r2 = vm.list.get.ref %r0, %i1 : !vm.buffer",
            "%i8 = vm.cmp.nz.ref %r2",
            "vm.discard.refs %r0, %r2",
            "vm.return %i8",
        ),
    )
    yield Case(
        "list_get_of_another_type",
        "-> i32",
        ((),),
        (
            "%i20 = vm.const.i32 1",
            "%r0 = vm.list.alloc %i20 : !vm.list<!vm.opaque>",
            "vm.list.resize %r0, %i20",
            "%r1 = vm.const.ref.rodata 0",
            "%i0 = vm.const.i32.zero",
            "vm.list.set.ref %r0, %i0, %R1",
            "%r2 = vm.list.get.ref %r0, %i0 : !vm.list<i32>",
            "%i8 = vm.cmp.nz.ref %r2",
            "vm.discard.refs %r0, %r2",
            "vm.return %i8",
        ),
    )


def _globals() -> Iterator[Case]:
    values = {"i32": (7, -1, 0x7FC12345), "i64": (7, -1, 0x7FF8000012345678)}
    for index, type_ in enumerate(("i32", "i64", "f32", "f64")):
        value, result = _register(type_, 0), _register(type_, 8)
        yield Case(
            f"global_{type_}",
            f"{_BITS[type_]} -> {_BITS[type_]}",
            tuple((bits,) for bits in values[_BITS[type_]]),
            (
                *_to_float(type_, 0),
                f"vm.global.store.{type_} {value}, .rwdata[{8 * index}]",
                f"{result} = vm.global.load.{type_} .rwdata[{8 * index}]",
                *_to_bits(type_, 8),
                f"vm.return {result}",
            ),
        )
        # The value comes first: the assembler names arguments without the alignment of wide ones.
        place = "%i2" if type_ in _WIDE else "%i1"
        # Not -1: the reference adds the size in 32 bits, finds it in range, and crashes.
        places = (0, 8, 24, 4, 28, 29, 32, 1 << 20)
        yield Case(
            f"global_indirect_{type_}",
            f"{_BITS[type_]} i32 -> {_BITS[type_]}",
            tuple((bits, place) for place in places for bits in values[_BITS[type_]][:2]),
            (
                *_to_float(type_, 0),
                f"vm.global.store.indirect.{type_} {place}, {value}",
                f"{result} = vm.global.load.indirect.{type_} {place}",
                *_to_bits(type_, 8),
                f"vm.return {result}",
            ),
        )
    store, load = "vm.global.store.ref %R0, .refs[0] : !vm.buffer", "vm.global.load.ref .refs[0] : !vm.buffer"
    yield _global_ref("global_ref", "-> i32", ((),), store, load)
    store = "vm.global.store.indirect.ref %i0 : !vm.buffer, %R0"
    load = "vm.global.load.indirect.ref %i0 : !vm.buffer"
    yield _global_ref("global_indirect_ref", "i32 -> i32", ((0,), (1,), (2,), (-1,)), store, load)
    yield Case(
        "global_ref_of_another_type",
        "-> i32",
        ((),),
        (
            "%r0 = vm.const.ref.rodata 0",
            "vm.global.store.ref %R0, .refs[1] : !vm.buffer",
            "%r1 = vm.global.load.ref .refs[1] : !vm.list<i32>",
            "%i8 = vm.cmp.nz.ref %r1",
            "vm.discard.refs %r1",
            "vm.return %i8",
        ),
    )


def _global_ref(name: str, signature: str, calls: tuple[tuple[int, ...], ...], store: str, load: str) -> Case:
    """Store a ref, take it out, load what is left: 2 for the first load, 1 for the second."""
    lines = (
        "%r0 = vm.const.ref.rodata 0",
        store,
        f"%R1 = {load}",
        "%i8 = vm.cmp.nz.ref %r1",
        "%i9 = vm.const.i32 2",
        "%i8 = vm.mul.i32 %i8, %i9",
        f"%r1 = {load}",
        "%i10 = vm.cmp.nz.ref %r1",
        "vm.discard.refs %r1",
        "%i8 = vm.add.i32 %i8, %i10",
        "vm.return %i8",
    )
    return Case(name, signature, calls, lines)


def simple_cases() -> list[Case]:
    """Cases of memory, lists and globals."""
    return [*_loads(), *_stores(), *_buffers(), *_lists(), *_globals()]
