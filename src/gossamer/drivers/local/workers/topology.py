"""Which processors the workers of a device run on.

In: what a user wants, and this machine's processors. Out: topologies, lists of workers.
Spec: `iree/task/topology.c` and the flags `--task_topology_*` of IREE 3.13.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from gossamer.drivers.local.workers.processors import Processor, parse_ids, read_processors
from gossamer.drivers.local.workers.worker_options import WorkerOptions
from gossamer.errors import InvalidArgumentError, OutOfRangeError

_FAVORS = {"latency": ("compact", "high"), "throughput": ("scatter", "any"), "efficiency": ("compact", "low")}
_LEVELS = {"": "any", "any": "any", "low": "low", "efficiency": "low", "high": "high", "performance": "high"}
_BAR = "# ===" + "-" * 72 + "===\n"


@dataclass(frozen=True, slots=True)
class TopologyOptions:
    """What a user wants.

    Attributes:
        mode: only "physical_cores" is known.
        group_count: workers that may run anywhere; 0 gives one to each core of those chosen below.
        cpu_ids: sets of processors, each a topology with a worker for each processor.
        nodes: "current", "numa" (a topology for each node), "all", or ids of nodes.
        max_group_count: most workers in a topology.
        performance_level: "any", "low" or "high" cores.
        distribution: "compact" fills one cache after the other, "scatter" takes from each in turn.
        favor: "latency", "throughput" or "efficiency" decide both of these.
    """

    mode: str = "physical_cores"
    group_count: int = 0
    cpu_ids: tuple[str, ...] = ()
    nodes: str = "current"
    max_group_count: int = 64
    performance_level: str = "any"
    distribution: str = "scatter"
    favor: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """Workers of one executor.

    Attributes:
        node: memory node that its processors belong to, or None for several or any.
        processors: one for each worker.
        is_pinned: workers stay on their processor.
    """

    node: int | None
    processors: tuple[Processor, ...]
    is_pinned: bool = True


def select_topologies(
    options: TopologyOptions, processors: Sequence[Processor], current: int | None = None
) -> list[Topology]:
    """Choose processors.

    Args:
        current: id of the processor this thread runs on; the first of all where it is not known.
    Raises: InvalidArgumentError or OutOfRangeError where an option is wrong or there is no such processor.
    """
    if options.group_count > 0:
        home = next((each for each in processors if each.id == current), processors[0])
        return [Topology(None, (home,) * options.group_count, is_pinned=False)]
    if options.cpu_ids:
        return [Topology(None, _by_ids(text, processors)) for text in options.cpu_ids]
    if options.mode != "physical_cores":
        raise InvalidArgumentError(
            "one of task_topology_group_count or task_topology_mode must be specified and be a valid "
            f"value; have task_topology_mode={options.mode}."
        )
    cores = _cores(options, processors)
    groups = _by_node(options.nodes, cores, processors[0].id if current is None else current)
    return [
        Topology(node, tuple(_distribute(options, found)[: options.max_group_count]))
        for node, found in groups
    ]


def place_workers(workers: WorkerOptions, options: TopologyOptions) -> WorkerOptions:
    """Workers as many as a user wants, where a user wants them on this machine; unchanged by no wish.

    Raises: as `select_topologies`.
    """
    if options == TopologyOptions():
        return workers
    topologies = select_topologies(options, read_processors())
    pinned = [topology.processors for topology in topologies if topology.is_pinned]
    return replace(
        workers,
        count=sum(len(topology.processors) for topology in topologies),
        processors=tuple(processor.id for topology in pinned for processor in topology),
    )


def _by_ids(text: str, processors: Sequence[Processor]) -> tuple[Processor, ...]:
    by_id = {each.id: each for each in processors}
    chosen: list[Processor] = []
    for index, part in enumerate(text.split(",")):
        if not part.strip().isdecimal():
            raise InvalidArgumentError(f"'{part.strip()}' not a valid CPU ID")
        if int(part) not in by_id:
            raise OutOfRangeError(
                f"cpu_ids[{index}] {int(part)} out of bounds, only {len(by_id)} logical processors available"
            )
        chosen.append(by_id[int(part)])
    return tuple(chosen)


def _cores(options: TopologyOptions, processors: Sequence[Processor]) -> list[Processor]:
    """One processor of each core of the level asked for."""
    level = _FAVORS.get(options.favor, ("", options.performance_level))[1]
    if level not in _LEVELS:
        raise InvalidArgumentError(
            f"unknown value `{level}` for performance level; "
            "expected one of [any, low/efficiency, high/performance]"
        )
    taken: set[int] = set()
    cores: list[Processor] = []
    for processor in processors:
        if processor.id not in taken:
            cores.append(processor)
            taken |= processor.siblings
    if _LEVELS[level] == "any":
        return cores
    best = (min if _LEVELS[level] == "low" else max)(core.capacity for core in cores)
    return [core for core in cores if core.capacity == best]


def _by_node(
    nodes: str, cores: Sequence[Processor], current: int
) -> list[tuple[int | None, list[Processor]]]:
    present = sorted({core.node for core in cores})
    if nodes == "all":
        return [(present[0] if len(present) == 1 else None, list(cores))]
    if nodes == "numa":
        wanted = present
    elif nodes in ("current", ""):
        home = next((core.node for core in cores if current in core.siblings), present[0])
        wanted = [home]
    else:
        try:
            wanted = sorted(parse_ids(nodes))
        except ValueError:
            raise InvalidArgumentError(f"invalid task_topology_nodes value: '{nodes}'") from None
    for node in wanted:
        if node not in present:
            raise InvalidArgumentError(
                f"NUMA node id {node} is not present on this machine; {len(present)} node(s) available"
            )
    return [(node, [core for core in cores if core.node == node]) for node in wanted]


def _distribute(options: TopologyOptions, cores: Sequence[Processor]) -> list[Processor]:
    distribution = _FAVORS.get(options.favor, (options.distribution,))[0]
    domains: dict[frozenset[int], list[Processor]] = {}
    for core in cores:
        domains.setdefault(core.last_level, []).append(core)
    if distribution == "compact":
        return list(chain.from_iterable(domains.values()))
    if distribution != "scatter":
        raise InvalidArgumentError(
            f"unknown value `{distribution}` for distribution strategy; expected one of [compact, scatter]"
        )
    rounds = zip_longest(*domains.values())
    return [core for turn in rounds for core in turn if core is not None]


def format_topologies(topologies: Sequence[Topology]) -> str:
    """Topologies as `--dump_task_topologies` prints them."""
    text = ""
    for number, topology in enumerate(topologies):
        node = "any" if topology.node is None else topology.node
        text += f"{_BAR}# topology[{number}]: {len(topology.processors)} worker groups, numa node: {node}\n"
        text += f"{_BAR}#\n" + "".join(
            _format_group(topology, index) for index in range(len(topology.processors))
        )
    return text


def _format_group(topology: Topology, index: int) -> str:
    processor = topology.processors[index]
    affinity, sharing = "(unspecified)", "(all/undefined)"
    if topology.is_pinned:
        smt = int(len(processor.siblings) > 1)
        affinity = f"group={processor.node}, id={processor.id}, smt={smt}"
        others = [
            str(other) for other, each in enumerate(topology.processors) if each.id in processor.last_level
        ]
        sharing = f"{len(others)} group(s): {', '.join(others)}"
    return (
        f"# group[{index}]: 'iree-worker-{index}'\n"
        f"#      processor: {processor.id}\n"
        f"#     hardware ids: cluster_id={processor.cluster}, physical_package_id={processor.package}\n"
        f"#       affinity: {affinity}\n"
        f"#  caches: l1d={processor.l1d_bytes}, l2d={processor.l2_bytes}\n"
        f"#  last level cache sharing: {sharing}\n#\n"
    )
