"""Where workers run: processors as the system describes them, and how they are chosen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gossamer.drivers.local.workers.processors import Processor, parse_ids, read_processors
from gossamer.drivers.local.workers.topology import TopologyOptions, format_topologies, select_topologies
from gossamer.errors import InvalidArgumentError, OutOfRangeError


def describe(folder: Path, *, cpu: int, siblings: str, shared: str, package: int) -> None:
    topology = folder / f"cpu/cpu{cpu}/topology"
    topology.mkdir(parents=True)
    (topology / "thread_siblings_list").write_text(f"{siblings}\n")
    (topology / "physical_package_id").write_text(f"{package}\n")
    (topology / "cluster_id").write_text("3\n")
    for index, (level, kind, size, cpus) in enumerate(
        [(1, "Data", "48K", siblings), (2, "Unified", "2M", siblings), (3, "Unified", "32M", shared)]
    ):
        cache = folder / f"cpu/cpu{cpu}/cache/index{index}"
        cache.mkdir(parents=True)
        for name, value in (("level", level), ("type", kind), ("size", size), ("shared_cpu_list", cpus)):
            (cache / name).write_text(f"{value}\n")


@pytest.fixture
def processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Processor, ...]:
    """Two packages, each a node; four cores with two threads each; a cache for each pair of cores."""
    for cpu in range(8):
        core = cpu % 4
        pair = "0-1,4-5" if core < 2 else "2-3,6-7"
        describe(tmp_path, cpu=cpu, siblings=f"{core},{core + 4}", shared=pair, package=core // 2)
    for node, cpus in enumerate(("0-1,4-5", "2-3,6-7")):
        (tmp_path / f"node/node{node}").mkdir(parents=True)
        (tmp_path / f"node/node{node}/cpulist").write_text(cpus)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)), raising=False)
    return read_processors(tmp_path)


def chosen(processors: tuple[Processor, ...], options: TopologyOptions, current: int = 0) -> list[list[int]]:
    found = select_topologies(options, processors, current)
    return [[processor.id for processor in topology.processors] for topology in found]


def test_processors_are_read(processors: tuple[Processor, ...]) -> None:
    assert processors[6] == Processor(
        6, 1, 1, 3, frozenset((2, 6)), frozenset((2, 3, 6, 7)), 48 << 10, 2 << 20, 1024
    )


def test_a_system_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1}, raising=False)
    found = read_processors(tmp_path)

    assert [processor.siblings for processor in found] == [{0}, {1}]
    assert chosen(found, TopologyOptions()) == [[0, 1]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (TopologyOptions(), [[0, 1]]),
        (TopologyOptions(nodes="numa"), [[0, 1], [2, 3]]),
        (TopologyOptions(nodes="all"), [[0, 2, 1, 3]]),
        (TopologyOptions(nodes="all", distribution="compact"), [[0, 1, 2, 3]]),
        (TopologyOptions(nodes="all", favor="latency"), [[0, 1, 2, 3]]),
        (TopologyOptions(nodes="all", max_group_count=2), [[0, 2]]),
        (TopologyOptions(nodes="1"), [[2, 3]]),
        (TopologyOptions(nodes="0,1", performance_level="low"), [[0, 1], [2, 3]]),
        (TopologyOptions(group_count=3), [[0, 0, 0]]),
        (TopologyOptions(cpu_ids=("5,1", "7")), [[5, 1], [7]]),
    ],
)
def test_choices(
    processors: tuple[Processor, ...], options: TopologyOptions, expected: list[list[int]]
) -> None:
    assert chosen(processors, options) == expected


def test_the_present_node_is_that_of_the_calling_thread(processors: tuple[Processor, ...]) -> None:
    assert chosen(processors, TopologyOptions(), current=6) == [[2, 3]]


@pytest.mark.parametrize(("level", "expected"), [("any", [0, 1]), ("low", [1]), ("performance", [0])])
def test_quick_cores_and_slow_ones(level: str, expected: list[int]) -> None:
    pair = (
        Processor(0, siblings=frozenset((0,)), capacity=1024),
        Processor(1, siblings=frozenset((1,)), capacity=400),
    )
    assert chosen(pair, TopologyOptions(performance_level=level)) == [expected]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (TopologyOptions(mode="x"), InvalidArgumentError, "have task_topology_mode=x"),
        (TopologyOptions(cpu_ids=("0,x",)), InvalidArgumentError, "'x' not a valid CPU ID"),
        (TopologyOptions(cpu_ids=("0,9",)), OutOfRangeError, r"cpu_ids\[1\] 9 out of bounds, only 8"),
        (TopologyOptions(nodes="x"), InvalidArgumentError, "invalid task_topology_nodes value: 'x'"),
        (TopologyOptions(nodes="7"), InvalidArgumentError, r"NUMA node id 7 is not present .*; 2 node"),
        (TopologyOptions(performance_level="x"), InvalidArgumentError, "unknown value `x` for performance"),
        (TopologyOptions(distribution="x"), InvalidArgumentError, "unknown value `x` for distribution"),
    ],
)
def test_choices_that_are_wrong(
    processors: tuple[Processor, ...], options: TopologyOptions, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select_topologies(options, processors)


def test_text(processors: tuple[Processor, ...]) -> None:
    text = format_topologies(select_topologies(TopologyOptions(nodes="all", max_group_count=3), processors))

    assert "# topology[0]: 3 worker groups, numa node: any\n" in text
    assert "#       affinity: group=1, id=2, smt=1\n" in text
    assert "#  last level cache sharing: 2 group(s): 0, 2\n" in text


def test_lists_of_numbers() -> None:
    assert parse_ids("0-2,7\n") == {0, 1, 2, 7}
    assert parse_ids("") == frozenset()
    with pytest.raises(ValueError, match="x"):
        parse_ids("x")
