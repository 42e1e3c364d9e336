"""Flags about the workers of `local-task`, shared by the commands that run programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.tools.flags.parser import Arguments, FlagSet

if TYPE_CHECKING:
    from gossamer.drivers.local.workers.topology import TopologyOptions
    from gossamer.drivers.local.workers.worker_options import WorkerOptions


class TaskFlags:
    """`--task_*=` and `--dump_task_topologies`."""

    def __init__(self, flags: FlagSet) -> None:
        flags.section("workers of local-task")
        self._abort = flags.boolean(
            "task_abort_on_failure", False, "Ends the process at the first operation that fails."
        )
        self._spin = flags.integer(
            "task_worker_spin_us",
            0,
            "Accepted and not used: workers spin for some microseconds before they sleep.",
        )
        self._stack = flags.integer(
            "task_worker_stack_size", 131072, "Bytes of stack that kernels find on a worker, at least."
        )
        self._local_memory = flags.integer(
            "task_worker_local_memory",
            0,
            "Most bytes of scratch memory that a workgroup may ask for; 0 for no limit.",
        )
        self._group_count = flags.integer(
            "task_topology_group_count", 0, "Number of workers that may run on any processor."
        )
        self._max_group_count = flags.integer(
            "task_topology_max_group_count", 64, "Most workers where their number is not given."
        )
        self._cpu_ids = flags.strings(
            "task_topology_cpu_ids", "Processors, such as 0,1,4, each with a worker that stays there."
        )
        self._strings = {
            name: flags.string(f"task_topology_{name}", default, description)
            for name, default, description in (
                ("mode", "physical_cores", "`physical_cores`: a worker for each core."),
                ("nodes", "current", "Memory nodes with workers: current, numa, all, or numbers: 0,2."),
                ("performance_level", "any", "Cores with workers: any, low or high."),
                ("distribution", "scatter", "How they are shared out among caches: compact or scatter."),
                ("favor", "", "latency, throughput or efficiency: decides the two above."),
            )
        }
        self._dump = flags.custom(
            "dump_task_topologies",
            False,
            "Prints where workers run.",
            lambda _text, _value: True,
            lambda _: "# --dump_task_topologies",
        )

    def print_topologies(self, arguments: Arguments) -> bool:
        """Print the topologies if they are asked for.

        Raises: as `select_topologies`.
        """
        if not arguments[self._dump]:
            return False
        from gossamer.drivers.local.workers.processors import read_processors
        from gossamer.drivers.local.workers.topology import format_topologies, select_topologies

        topologies = select_topologies(self._topology_options(arguments), read_processors())
        print(format_topologies(topologies), end="")
        return True

    def worker_options(self, arguments: Arguments) -> WorkerOptions:
        """How the workers are to be set up.

        Raises: as `select_topologies`.
        """
        from gossamer.drivers.local.workers.topology import place_workers
        from gossamer.drivers.local.workers.worker_options import WorkerOptions

        workers = WorkerOptions(
            stack_bytes=max(arguments[self._stack], 0),
            local_memory_bytes=max(arguments[self._local_memory], 0),
            abort_on_failure=arguments[self._abort],
        )
        return place_workers(workers, self._topology_options(arguments))

    def _topology_options(self, arguments: Arguments) -> TopologyOptions:
        from gossamer.drivers.local.workers.topology import TopologyOptions

        return TopologyOptions(
            group_count=arguments[self._group_count],
            cpu_ids=arguments[self._cpu_ids],
            max_group_count=arguments[self._max_group_count],
            **{name: arguments[flag] for name, flag in self._strings.items()},
        )
