"""The checked FlatBuffer reader, on buffers made by hand and by the flatbuffers package."""

from __future__ import annotations

import struct
import time

import pytest

from gossamer.errors import FormatError
from gossamer.format.flatbuffer import FlatBuffer, Table
from gossamer.format.flatbuffer_builder import FieldValue, FlatBufferBuilder

_ID = b"TEST"


def _root(data: bytes, file_offset: int = 0) -> Table:
    return FlatBuffer(memoryview(data), file_offset=file_offset).root("Root", _ID)


def _finish(builder: FlatBufferBuilder, fields: list[FieldValue]) -> Table:
    data = builder.finish(builder.table(fields), _ID)
    return _root(data[4:], file_offset=4)


def _by_hand(vtable: bytes, table: bytes, rest: bytes = b"") -> bytes:
    """Root offset, identifier, a vtable padded to 4 bytes, then the table at once."""
    padded = vtable + bytes(-len(vtable) % 4)
    position = 8 + len(padded)
    return struct.pack("<I4s", position, _ID) + padded + struct.pack("<i", len(padded)) + table + rest


def test_fields_of_each_kind() -> None:
    builder = FlatBufferBuilder()
    inner = builder.table([("i", -3)])
    root = _finish(
        builder,
        [
            builder.string("text"),
            ("I", 7),
            ("Q", 2**63),
            inner,
            builder.raw_vector(b"\1\2\3"),
            builder.offset_vector([inner, inner]),
            ("B", 255),
        ],
    )

    assert root.string(0) == "text"
    assert root.scalar(1, "I") == 7
    assert root.scalar(2, "Q") == 2**63
    assert root.table(3, "Inner") is not None
    assert bytes(root.vector(4, 1) or b"") == b"\1\2\3"
    assert [(t.name, t.index, t.scalar(0, "i")) for t in root.tables(5, "Inner")] == [
        ("Inner", 0, -3),
        ("Inner", 1, -3),
    ]
    assert root.scalar(6, "B") == 255


def test_absent_fields_give_their_default() -> None:
    root = _finish(FlatBufferBuilder(), [None, ("I", 1)])

    assert root.string(0) is None
    assert root.scalar(5, "i", 42) == 42
    assert root.table(5, "Inner") is None
    assert root.vector(5, 1) is None
    assert list(root.tables(5, "Inner")) == []
    assert not root.has(0)
    assert root.has(1)


def test_strings_that_are_not_utf8_survive() -> None:
    builder = FlatBufferBuilder()
    text = b"a\xffb".decode("utf-8", "surrogateescape")

    assert _finish(builder, [builder.string(text)]).string(0) == text


def test_vectors_are_views() -> None:
    builder = FlatBufferBuilder()
    data = builder.finish(builder.table([builder.raw_vector(b"xyz")]), _ID)
    vector = _root(data[4:], 4).vector(0, 1)

    assert isinstance(vector, memoryview)
    assert vector.obj is not None


@pytest.mark.parametrize("alignment", [4, 16, 64])
def test_vectors_are_aligned_from_the_size_prefix_on(alignment: int) -> None:
    builder = FlatBufferBuilder()
    data = builder.finish(builder.table([builder.raw_vector(b"payload", alignment=alignment)]), _ID)

    assert data.index(b"payload") % alignment == 0


def test_integers_that_do_not_fit_are_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="field 0: 4294967296 does not fit 'I'"):
        FlatBufferBuilder().table([("I", 2**32)])


_VTABLE = struct.pack("<HHH", 6, 8, 4)  # one field at 4 of a table of 8 bytes


@pytest.mark.parametrize(
    ("data", "offset", "message"),
    [
        (b"\0" * 7, 0, "has 8 bytes at least, not 7"),
        (struct.pack("<I4s", 8, b"NOPE") + bytes(8), 4, "identifier is b'NOPE', expected b'TEST'"),
        (struct.pack("<I4s", 0, _ID) + bytes(8), 0, "offset 0 is out of bounds"),
        (struct.pack("<I4s", 14, _ID) + bytes(8), 0, "offset 14 is out of bounds"),
        (struct.pack("<I4s", 9, _ID) + bytes(8), 0, "offset 9 is not to a multiple of 4"),
        (struct.pack("<I4si", 8, _ID, 12), 8, "vtable is out of bounds or unaligned"),
        (struct.pack("<I4si", 8, _ID, 3), 8, "vtable is out of bounds or unaligned"),
        (struct.pack("<I4si", 8, _ID, -100), 8, "vtable is out of bounds or unaligned"),
        (_by_hand(struct.pack("<HH", 3, 4), b""), 8, "vtable of 3 bytes"),
        (_by_hand(struct.pack("<HH", 2, 4), b""), 8, "vtable of 2 bytes"),
        (_by_hand(struct.pack("<HH", 400, 4), b""), 8, "vtable of 400 bytes"),
        (_by_hand(struct.pack("<HH", 4, 2), b""), 10, "table of 2 bytes is out of bounds"),
        (_by_hand(struct.pack("<HH", 4, 9), b""), 10, "table of 9 bytes is out of bounds"),
    ],
)
def test_bad_roots_are_refused(data: bytes, offset: int, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        _root(data)

    assert (caught.value.table, caught.value.offset) == ("Root", offset)


@pytest.mark.parametrize(
    ("vtable", "table", "rest", "message"),
    [
        (struct.pack("<HHH", 6, 8, 2), b"1234", b"", "field 0 at 2 passes"),
        (struct.pack("<HHH", 6, 8, 6), b"1234", b"", "field 0 at 6 passes the table of 8 bytes"),
        (struct.pack("<HHH", 6, 12, 6), b"12345678", b"", "field 0 is not aligned to 4 bytes"),
        (_VTABLE, struct.pack("<I", 0), b"", "offset 0 is out of bounds"),
        (_VTABLE, struct.pack("<I", 4), struct.pack("<I", 4) + b"abc\0", "string of 4 bytes passes the end"),
        (_VTABLE, struct.pack("<I", 4), struct.pack("<I", 3) + b"abcd", "string has no terminator"),
        (_VTABLE, struct.pack("<I", 4), struct.pack("<I", 2**32 - 1), "string of 4294967295 bytes"),
    ],
)
def test_bad_strings_are_refused(vtable: bytes, table: bytes, rest: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        _root(_by_hand(vtable, table, rest)).string(0)


@pytest.mark.parametrize(("size", "count"), [(1, 5), (4, 2), (20, 2**32 - 1)])
def test_counts_are_checked_before_anything_else(size: int, count: int) -> None:
    data = _by_hand(_VTABLE, struct.pack("<I", 4), struct.pack("<I", count) + bytes(4))

    with pytest.raises(FormatError, match=f"vector of {count} elements of {size} bytes passes the end"):
        _root(data).vector(0, size)


def test_a_vector_of_offsets_that_passes_the_end_is_refused() -> None:
    data = _by_hand(_VTABLE, struct.pack("<I", 4), struct.pack("<I", 2) + bytes(4))

    with pytest.raises(FormatError, match="vector of 2 offsets passes the end"):
        list(_root(data).tables(0, "Inner"))


def test_alignment_is_measured_from_the_start_of_the_file() -> None:
    vtable = struct.pack("<HHH", 6, 16, 8)
    data = _by_hand(vtable, bytes(12))

    assert _root(data, file_offset=0).scalar(0, "Q") == 0
    with pytest.raises(FormatError, match="field 0 is not aligned to 8 bytes"):
        _root(data, file_offset=4).scalar(0, "Q")


def test_references_cannot_multiply_work() -> None:
    # A table with a vector of many references, all to one table with a vector of as many references.
    builder = FlatBufferBuilder()
    leaf = builder.table([("i", 1)])
    middle = builder.table([builder.offset_vector([leaf] * 20_000)])
    root = _finish(builder, [builder.offset_vector([middle] * 20_000)])
    start = time.monotonic()

    with pytest.raises(FormatError, match="referenced more often than a file can need"):
        sum(1 for table in root.tables(0, "Middle") for _ in table.tables(0, "Leaf"))
    assert time.monotonic() - start < 5


def test_one_string_may_be_shared_by_all() -> None:
    builder = FlatBufferBuilder()
    text = builder.string("x" * 10_000)
    root = _finish(builder, [builder.offset_vector([builder.table([text]) for _ in range(1000)])])

    assert {table.string(0) for table in root.tables(0, "Leaf")} == {"x" * 10_000}
