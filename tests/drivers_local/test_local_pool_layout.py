"""The tile pool's fields are where the IR takes them to be."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from gossamer.drivers.local.ir.pool_layout import POOL_BYTES, POOL_FIELDS, RANGE_BYTES
from gossamer.drivers.local.ir.runner_ir import runner_ir

WIDTHS = {"i32": 4, "i64": 8, "ptr": 8}
LINE = 64
FIELD = re.compile(r"(%\w+) = getelementptr i8, ptr %pool, i64 (\d+)\n")
ACCESSES = (
    r"(?:load|store)(?: atomic)? (\w+)(?: [%\w-]+)?, ptr {name}\b",
    r"(?:atomicrmw \w+|cmpxchg) ptr {name}, (\w+)",
)

WRITERS = {
    "everybody": ("control", "epoch", "sleepers"),
    "the first who fails": ("status",),
    "the runner, while a worker may look": ("waiting",),
    "the runner, while it is closed": (
        *("function", "environment", "state", "row", "plane", "chunk"),
        *("local_stride", "local_memory", "local_size"),
    ),
    "whoever sets it up or shuts it down": ("shutdown", "participants", "crowded"),
    "runners that want it": ("taken",),
    "whoever draws": ("ranges",),
}


def functions() -> list[str]:
    """Texts of the functions of the runner that work on a pool."""
    text = runner_ir("x86_64-unknown-linux")
    return [part for part in re.split(r"(?m)^define ", text) if "%pool" in part.partition(")")[0]]


def test_what_the_ir_touches_is_a_field_of_its_type() -> None:
    types = {field.offset: field.type for field in POOL_FIELDS.values()}
    seen: set[int] = set()
    for text in functions():
        for name, offset in [("%pool", "0"), *FIELD.findall(text)]:
            for access in ACCESSES:
                for kind in re.findall(access.format(name=name), text):
                    seen.add(int(offset))
                    assert kind == types[int(offset)], f"{name} at {offset}"
    # Ranges are found by participant: their fields are addressed from the first one.
    assert seen == set(types) - {POOL_FIELDS["ranges"].offset}


def test_fields_do_not_overlap() -> None:
    places = sorted((field.offset, WIDTHS[field.type], name) for name, field in POOL_FIELDS.items())
    # The epoch is the upper half of the control word.
    places = [place for place in places if place[2] != "epoch"]
    for (offset, width, name), (following, _, other) in pairwise(places):
        assert offset % width == 0, name
        assert offset + width <= following, f"{name} and {other}"
    assert POOL_FIELDS["epoch"].offset == POOL_FIELDS["control"].offset + 4
    assert (POOL_BYTES - POOL_FIELDS["ranges"].offset) % RANGE_BYTES == 0


@pytest.mark.parametrize("writer", WRITERS)
def test_words_of_different_writers_are_on_different_lines(writer: str) -> None:
    lines = {POOL_FIELDS[name].offset // LINE for name in WRITERS[writer]}
    for other, names in WRITERS.items():
        if other != writer:
            assert lines.isdisjoint(POOL_FIELDS[name].offset // LINE for name in names), other
    assert {name for names in WRITERS.values() for name in names} == set(POOL_FIELDS)
