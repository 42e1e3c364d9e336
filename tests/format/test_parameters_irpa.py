"""`.irpa` archives: what is written is read back; every wrong record is refused with its place."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gossamer.errors import FormatError, InvalidArgumentError, NotFoundError, VersionMismatchError
from gossamer.format.parameters.entries import FileRange, ParameterEntry, Splat
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.read_irpa import read_irpa
from gossamer.format.parameters.write_irpa import StoredPattern, lay_out_archive, write_irpa
from parameter_files import irpa_archive, irpa_entry, irpa_header, small_irpa

_PATTERNS = st.sampled_from([1, 2, 4, 8, 16]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def _read(data: bytes) -> ParameterIndex:
    index = ParameterIndex()
    read_irpa(FileHandle(data), index)
    return index


def _refused(data: bytes) -> FormatError:
    index = ParameterIndex()
    with pytest.raises(FormatError) as raised:
        read_irpa(FileHandle(data), index)
    assert len(index) == 0
    assert raised.value.offset is not None
    return raised.value


def test_reads_every_kind_of_entry() -> None:
    index = _read(small_irpa())
    assert [entry.key for entry in index] == ["splat", "data"]
    assert index["splat"].storage == Splat(b"\1\2\3\4")
    assert index["splat"].length == 64
    assert bytes(index["data"].contents()) == struct.pack("<4f", 0, 1, 2, 3)


@st.composite
def _entries(draw: st.DrawFn) -> ParameterEntry:
    key = draw(st.text(max_size=8))
    metadata = draw(st.binary(max_size=8))
    if draw(st.booleans()):
        return ParameterEntry(key, draw(st.integers(0, 1 << 40)), Splat(draw(_PATTERNS)), metadata)
    if draw(st.booleans()):
        return ParameterEntry(key, draw(st.integers(0, 100)), StoredPattern(draw(_PATTERNS)), metadata)
    data = draw(st.binary(max_size=100))
    return ParameterEntry(key, len(data), FileRange(FileHandle(data), 0), metadata)


@settings(max_examples=60, deadline=None)
@given(st.lists(_entries(), max_size=6), st.sampled_from([0, 1, 16, 4000]), st.sampled_from([1, 64, 256]))
def test_written_archives_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, entries: list[ParameterEntry], offset: int, alignment: int
) -> None:
    path = tmp_path_factory.mktemp("irpa") / "a.irpa"
    written = write_irpa(entries, path, file_offset=offset, alignment=alignment)
    data = path.read_bytes()
    base = -(-offset // 16) * 16
    assert (len(data) - base) % 4096 == 0
    read = _read(data[base:])
    assert len(read) == len(entries) == len(written)
    for source, found, target in zip(entries, read, written, strict=True):
        assert (found.key, found.length, found.metadata) == (source.key, source.length, source.metadata)
        assert (target.key, target.length, target.metadata) == (source.key, source.length, source.metadata)
        if type(source.storage) is Splat:
            assert found.storage == source.storage == target.storage
        else:
            assert isinstance(found.storage, FileRange)
            assert bytes(found.contents()) == bytes(source.contents()) == bytes(target.contents())
            if alignment >= 64 and found.length:
                assert found.storage.offset % 64 == 0


def test_keys_that_are_no_text_survive(tmp_path: Path) -> None:
    key = b"\xff\xfe".decode("utf-8", "surrogateescape")
    write_irpa([ParameterEntry(key, 4, Splat(b"\0"))], tmp_path / "a.irpa")
    index = ParameterIndex()
    index.load(tmp_path / "a.irpa")
    assert next(iter(index)).key == key


def test_an_archive_may_replace_the_file_it_is_made_of(tmp_path: Path) -> None:
    path = tmp_path / "a.irpa"
    path.write_bytes(small_irpa())
    index = ParameterIndex()
    index.load(path)
    write_irpa(reversed(list(index)), path)
    again = ParameterIndex()
    again.load(path)
    assert bytes(again["data"].contents()) == struct.pack("<4f", 0, 1, 2, 3)
    assert [entry.key for entry in again] == ["data", "splat"]


def test_only_regular_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="no regular file"):
        write_irpa([], tmp_path)
    with pytest.raises(FileNotFoundError):
        write_irpa([], tmp_path / "no" / "a.irpa")
    assert list(tmp_path.iterdir()) == []


def test_patterns_that_archives_do_not_hold() -> None:
    with pytest.raises(InvalidArgumentError, match="pattern of 'k' has 3 bytes"):
        lay_out_archive([ParameterEntry("k", 9, Splat(b"abc"))])
    with pytest.raises(InvalidArgumentError, match="alignment 0"):
        lay_out_archive([], alignment=0)


def test_zeros_take_no_room_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.irpa"
    written = write_irpa([ParameterEntry("k", 1 << 26, StoredPattern(bytes(4)))], path)
    assert path.stat().st_size > 1 << 26
    assert path.stat().st_blocks * 512 < 1 << 20
    assert isinstance(written["k"].storage, FileRange)


def test_archives_one_after_another() -> None:
    first = small_irpa()
    first += bytes(-len(first) % 16)
    linked = first[:16] + struct.pack("<Q", len(first)) + first[24:]
    second = irpa_archive([irpa_entry(2, (0, 1), struct.pack("<QQ", 1, 3))], b"z", b"abcdef")
    index = _read(linked + second)
    assert [entry.key for entry in index] == ["splat", "data", "z"]
    assert bytes(index["z"].contents()) == b"bcd"


def test_external_files_beside_the_archive(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"0123456789")
    body = struct.pack("<QQQQ", 1, 8, 2, 5)
    archive = irpa_archive([irpa_entry(3, (0, 1), body)], b"kdata.bin", b"")
    (tmp_path / "a.irpa").write_bytes(archive)
    index = ParameterIndex()
    index.load(tmp_path / "a.irpa")
    assert bytes(index["k"].contents()) == b"23456"
    assert "has no path" in _refused(archive).message


@pytest.mark.parametrize("name", [b"/etc/passwd", b"../data.bin", b"absent.bin", b"", b"a\0b", b"x/../../y"])
def test_external_files_elsewhere(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "data.bin").write_bytes(b"0123456789")
    folder = tmp_path / "folder"
    folder.mkdir()
    archive = irpa_archive(
        [irpa_entry(3, (0, 1), struct.pack("<QQQQ", 1, len(name), 0, 1))], b"k" + name, b""
    )
    (folder / "a.irpa").write_bytes(archive)
    with pytest.raises(FormatError, match="external file"):
        ParameterIndex().load(folder / "a.irpa")


def test_external_files_behind_links(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_bytes(b"0123456789")
    (folder / "link").symlink_to(tmp_path / "outside")
    archive = irpa_archive([irpa_entry(3, (0, 1), struct.pack("<QQQQ", 1, 4, 0, 1))], b"klink", b"")
    (folder / "a.irpa").write_bytes(archive)
    with pytest.raises(FormatError, match="no file below the archive's folder"):
        ParameterIndex().load(folder / "a.irpa")


def test_external_ranges_are_checked(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"0123456789")
    archive = irpa_archive([irpa_entry(3, (0, 1), struct.pack("<QQQQ", 1, 1, 6, 5))], b"kd", b"")
    (tmp_path / "a.irpa").write_bytes(archive)
    with pytest.raises(FormatError, match=r"\[6, 11\) passes 'd' of 10 bytes"):
        ParameterIndex().load(tmp_path / "a.irpa")


@pytest.mark.parametrize(
    ("data", "offset", "message"),
    [
        (b"", 0, "cut off after 0"),
        (b"IRPA", 0, "cut off after 4"),
        (b"IRPB" + bytes(84), 0, "magic is b'IRPB', expected b'IRPA'"),
        (irpa_header(0, (0, 0), (0, 0), (0, 0), size=87), 8, "header has 87 bytes, expected 88"),
        (irpa_header(0, (0, 0), (0, 0), (0, 0))[:60], 0, "cut off after 60"),
        (irpa_header(0, (80, 9), (0, 0), (0, 0)), 40, "entry table [80, 89) passes the file of 88 bytes"),
        (irpa_header(0, (0, 0), (1 << 63, 1 << 63), (0, 0)), 56, "metadata segment"),
        (irpa_header(0, (0, 0), (0, 0), (0, 1 << 64 - 1)), 72, "storage segment"),
        (irpa_header(1 << 62, (0, 88), (0, 0), (0, 0)), 32, "entries do not fit"),
        (irpa_header(0, (0, 0), (0, 0), (0, 0), next_header=17), 16, "not aligned to 16"),
        (irpa_header(0, (0, 0), (0, 0), (0, 0), next_header=96), 96, "cut off after 0"),
        (irpa_archive([irpa_entry(1, (0, 0), bytes(25), size=59)], b"", b""), 96, "entry has 59 bytes"),
        (irpa_archive([irpa_entry(2, (0, 0), bytes(16), size=1 << 60)], b"", b""), 96, "80 are left"),
        (irpa_archive([irpa_entry(9, (0, 0), bytes(4))], b"", b""), 104, "entry type 9"),
        (irpa_archive([irpa_entry(1, (3, 3), bytes(25))], b"name", b""), 116, "passes the metadata segment"),
        (irpa_archive([irpa_entry(1, (0, 4), bytes(4))], b"name", b""), 156, "splat entry of 25 bytes"),
        (irpa_archive([irpa_entry(1, (0, 4), bytes(25))], b"name", b""), 180, "pattern has 0 bytes"),
        (irpa_archive([irpa_entry(1, (0, 4), bytes(24) + b"\x11")], b"name", b""), 180, "pattern has 17"),
        (irpa_archive([irpa_entry(2, (0, 4), bytes(4))], b"name", b"x"), 156, "data entry of 16 bytes"),
        (
            irpa_archive([irpa_entry(2, (0, 4), struct.pack("<QQ", (1 << 64) - 1, 2))], b"name", b"x"),
            156,
            "passes the storage segment of 1 bytes",
        ),
    ],
)  # fmt: skip
def test_wrong_records(data: bytes, offset: int, message: str) -> None:
    error = _refused(data)
    assert message in error.message
    assert error.offset == offset


@pytest.mark.parametrize("version", [(0, 1), (1, 0), (65535, 65535)])
def test_other_versions(version: tuple[int, int]) -> None:
    error = _refused(irpa_header(0, (0, 0), (0, 0), (0, 0), version=version))
    assert isinstance(error, VersionMismatchError)
    assert error.found == f"{version[0]}.{version[1]}"


def test_small_files_cannot_ask_for_much_work() -> None:
    entry = irpa_entry(1, (0, 4096), struct.pack("<Q16sB", 4, b"\1", 1))
    assert "overlap more often" in _refused(irpa_archive([entry] * 2000, bytes(4096), b"")).message
    # Headers that share one table of entries.
    table = irpa_entry(0, (0, 0), b"") * 64
    headers = b"".join(
        irpa_header(64, (96 * (100 - number), len(table)), (0, 0), (0, 0), next_header=96) + bytes(8)
        for number in range(100)
    )
    assert "do not fit" in _refused(headers + table).message


def test_the_hint_names_keys_like_the_one_asked_for() -> None:
    index = _read(small_irpa())
    with pytest.raises(NotFoundError, match="did you mean 'splat'"):
        index["spalt"]
    with pytest.raises(NotFoundError, match="its keys are 'splat', 'data'"):
        index["qqqqq"]
    with pytest.raises(NotFoundError, match="it is empty"):
        ParameterIndex()["x"]
