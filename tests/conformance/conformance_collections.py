"""Cases of lists and globals; see `conformance_cases`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance_cases import BITS, WIDE, Case, register_of, to_bits, to_float


def _lists() -> Iterator[Case]:
    elements = ("i8", "i16", "i32", "i64", "f32", "f64", "!vm.opaque")
    values = {"i32": (0, 1, -1, 0x1FF81, 0x40490FDB), "i64": (5, -1, 0x1_0000_0081, 0x400921FB54442D18)}
    accesses = ("i32", "i64", "f32", "f64")
    for element, stored, loaded in itertools.product(elements, accesses, accesses):
        yield Case(
            f"list_of_{element.strip('!').replace('.', '_')}_set_{stored}_get_{loaded}",
            f"{BITS[stored]} -> {BITS[loaded]}",
            tuple((value,) for value in values[BITS[stored]]),
            (
                *to_float(stored, 0),
                "%i20 = vm.const.i32 3",
                "%i21 = vm.const.i32 1",
                f"%r0 = vm.list.alloc %i20 : !vm.list<{element}>",
                "vm.list.resize %r0, %i20",
                f"vm.list.set.{stored} %r0, %i21, {register_of(stored, 0)}",
                f"{register_of(loaded, 8)} = vm.list.get.{loaded} %r0, %i21",
                *to_bits(loaded, 8),
                "vm.discard.refs %r0",
                f"vm.return {register_of(loaded, 8)}",
            ),
        )
    for access in accesses:
        yield Case(
            f"list_bounds_{access}",
            f"i32 -> {BITS[access]}",
            ((0,), (2,), (3,), (-1,)),
            (
                "%i20 = vm.const.i32 3",
                f"%r0 = vm.list.alloc %i20 : !vm.list<{access}>",
                "vm.list.resize %r0, %i20",
                f"{register_of(access, 8)} = vm.list.get.{access} %r0, %i0",
                f"vm.list.set.{access} %r0, %i0, {register_of(access, 8)}",
                *to_bits(access, 8),
                "vm.discard.refs %r0",
                f"vm.return {register_of(access, 8)}",
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
        value, result = register_of(type_, 0), register_of(type_, 8)
        yield Case(
            f"global_{type_}",
            f"{BITS[type_]} -> {BITS[type_]}",
            tuple((bits,) for bits in values[BITS[type_]]),
            (
                *to_float(type_, 0),
                f"vm.global.store.{type_} {value}, .rwdata[{8 * index}]",
                f"{result} = vm.global.load.{type_} .rwdata[{8 * index}]",
                *to_bits(type_, 8),
                f"vm.return {result}",
            ),
        )
        # The value comes first: the assembler names arguments without the alignment of wide ones.
        place = "%i2" if type_ in WIDE else "%i1"
        # Not -1: the reference adds the size in 32 bits, finds it in range, and crashes.
        places = (0, 8, 24, 4, 28, 29, 32, 1 << 20)
        yield Case(
            f"global_indirect_{type_}",
            f"{BITS[type_]} i32 -> {BITS[type_]}",
            tuple((bits, place) for place in places for bits in values[BITS[type_]][:2]),
            (
                *to_float(type_, 0),
                f"vm.global.store.indirect.{type_} {place}, {value}",
                f"{result} = vm.global.load.indirect.{type_} {place}",
                *to_bits(type_, 8),
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


def collection_cases() -> list[Case]:
    """Cases of lists and globals."""
    return [*_lists(), *_globals()]
