"""The parts that scheduling is made of: layouts of memory, times, waves, bytes of constants."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossamer.abi.mlir_element_type import element_bits, element_type_code
from gossamer.compiler.constant_bytes import constant_bytes
from gossamer.compiler.host.program.commands import Copy, Fill
from gossamer.compiler.host.program.sizes import ZERO, Scalar, Size, product
from gossamer.compiler.host.program.values import Range, Resource, Timepoint, whole
from gossamer.compiler.host.schedule.submission.packing import Lifetime, pack, pack_together
from gossamer.compiler.host.schedule.submission.region import Region
from gossamer.compiler.host.schedule.submission.timeline import Timeline
from gossamer.compiler.mlir import ir, parse_text
from gossamer.compiler.resources import Resources


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 5), st.integers(0, 3)), max_size=12))
def test_packed_lifetimes_that_meet_do_not_overlap(entries):
    lifetimes = [
        Lifetime(Resource(f"r{index}", Size(size)), first, first + length)
        for index, (size, first, length) in enumerate(entries)
    ]
    offsets, end = pack(lifetimes)

    for left, right in combinations(lifetimes, 2):
        if left.first <= right.last and right.first <= left.last:
            starts = offsets[left.resource].constant, offsets[right.resource].constant
            sizes = left.resource.size.constant, right.resource.size.constant
            assert starts[0] + sizes[0] <= starts[1] or starts[1] + sizes[1] <= starts[0]
    for lifetime in lifetimes:
        offset = offsets[lifetime.resource].constant
        assert offset % 64 == 0
        assert offset + lifetime.resource.size.constant <= end.constant


def test_dynamic_sizes_follow_static_ones():
    n = Scalar("n")
    small, large = Resource("small", Size(4)), Resource("large", product(4, (n,)))
    offsets, end = pack([Lifetime(large, 0, 0), Lifetime(small, 0, 0)])

    assert offsets[small] == ZERO
    assert str(offsets[large]) == "64"
    assert str(end) == "align(%n * 4, 64) + 64"


def test_resources_packed_together_never_share():
    first, second = Resource("first", Size(4)), Resource("second", Size(65))
    offsets, end = pack_together([first, second])

    assert (offsets[first].constant, offsets[second].constant, end.constant) == (0, 64, 192)


def test_a_later_timepoint_stands_for_those_it_waited_for():
    timeline = Timeline()
    first = timeline.new()
    second = timeline.new([first])
    other = timeline.new()

    assert timeline.reduce([first, second, other]) == (second, other)
    assert timeline.outstanding == {second, other}


def test_what_the_host_waited_for_is_forgotten():
    timeline = Timeline()
    first = timeline.new()
    second = timeline.new([first])
    resource = Resource("r", Size(4))
    timeline.did_write(resource, first)
    timeline.reached([second])

    assert timeline.reduce(timeline.before_read(resource)) == ()
    assert timeline.outstanding == set()


def test_writers_wait_for_readers():
    timeline = Timeline()
    resource, alias = Resource("r", Size(4)), Resource("a", Size(4))
    alias.alias = resource
    written, read = timeline.new(), timeline.new()
    timeline.did_write(resource, written)
    timeline.did_read(alias, read)

    assert timeline.before_read(alias) == {written}
    assert timeline.before_write(resource) == {written, read}


def test_a_block_starts_after_all_that_came_before():
    timeline = Timeline()
    resource = Resource("r", Size(4))
    timeline.did_write(resource, timeline.new())
    arrival = Timepoint("arrival")
    timeline.enter_block(arrival)

    assert timeline.before_read(resource) == {arrival}
    assert timeline.everything() == {arrival}


def test_commands_run_as_early_as_their_ranges_allow():
    a, b, c = (Resource(name, Size(8)) for name in "abc")
    region = Region()
    region.append(Fill(Range(a, ZERO, Size(4)), 0, 4))
    region.append(Fill(Range(a, Size(4), Size(4)), 1, 4))
    region.append(Copy(whole(a), whole(b)))
    region.append(Fill(whole(c), 2, 4))
    region.append(Fill(whole(a), 3, 4))

    assert [len(wave) for wave in region.waves] == [3, 1, 1]
    assert region.lifetime(a) == Lifetime(a, 0, 2)
    assert dict(region.touched()) == {a: True, b: True, c: True}


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ("f32", 0x21000020),
        ("i1", 0x13000008),
        ("i8", 0x10000008),
        ("si16", 0x11000010),
        ("ui64", 0x12000040),
        ("index", 0x10000040),
        ("bf16", 0x22000010),
        ("complex<f32>", 0x23000040),
        ("f8E4M3FN", 0x25000008),
    ],
)
def test_element_type_codes(element, code):
    assert element_type_code(element) == code
    assert element_bits(element) == code & 0xFF


def test_types_that_cannot_be_stored_have_no_code():
    assert element_type_code("!hal.buffer") is None
    assert element_bits("none") is None


@pytest.mark.parametrize(
    ("attribute", "data"),
    [
        ("dense<[1.0, -2.0]> : tensor<2xf32>", "0000803f000000c0"),
        ("dense<1.0> : tensor<2xf32>", "0000803f0000803f"),
        ("dense<[true, false, true]> : tensor<3xi1>", "010001"),
        ("dense<true> : tensor<3xi1>", "010101"),
        ("dense<[1, -1]> : tensor<2xi16>", "0100ffff"),
        ("dense<[1, 2, 3]> : tensor<3xi4>", "2103"),
        ("dense<-1> : tensor<3xi4>", "ff0f"),
        ("dense<[1, 2]> : tensor<2xindex>", "01000000000000000200000000000000"),
        ("dense<[1.0, 0.5]> : tensor<2xf16>", "003c0038"),
        ("dense<[1.0, 0.5]> : tensor<2xbf16>", "803f003f"),
        ("dense<1.0> : tensor<2xbf16>", "803f803f"),
        ("dense<[1.0, 0.5]> : tensor<2xf8E4M3FN>", "3830"),
        ('dense<"0x0000803F000000C0"> : tensor<2xf32>', "0000803f000000c0"),
        ("dense<> : tensor<0xf32>", ""),
    ],
)
def test_constant_bytes(attribute, data):
    module = parse_text(f"%0 = arith.constant {attribute}")
    with module.context:
        (op,) = (operation.operation for operation in module.body.operations)

        assert constant_bytes(op, Resources()).hex() == data


def test_large_small_float_constants_keep_their_bytes():
    numbers = ", ".join(f"{index}.0" for index in range(128))
    module = parse_text(f"%0 = arith.constant dense<[{numbers}]> : tensor<128xbf16>")
    (op,) = (operation.operation for operation in module.body.operations)

    assert isinstance(op, ir.Operation)
    assert len(constant_bytes(op, Resources())) == 256
    assert constant_bytes(op, Resources())[2:4].hex() == "803f"
