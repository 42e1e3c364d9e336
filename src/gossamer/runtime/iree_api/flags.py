"""Process-wide flags under the names of IREE's `flags` module: those about workers of `local-task`.

In: `--task_*=` as commands spell them, or `IREE_PY_RUNTIME_FLAGS`. Out: how workers of devices that are made
afterwards are set up.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from gossamer.drivers.local.workers.topology import TopologyOptions, place_workers
from gossamer.drivers.local.workers.worker_options import WorkerOptions
from gossamer.errors import InvalidArgumentError

FUNCTION_INPUT_VALIDATION = True
"""Kept for code that sets it: inputs are always validated."""

_TOPOLOGY = "task_topology_"
_values: dict[str, Any] = {}


def parse_flags(*flags: str) -> None:
    """Set flags as commands spell them, for devices that are made from now on.

    Known are `--task_topology_*`, `--task_worker_*` and `--task_abort_on_failure`; `--help` does nothing.
    Raises: ValueError on any other, or a value that is wrong; then none of them is set.
    """
    values = dict(_values)
    for flag in flags:
        name, _, text = flag.lstrip("-").partition("=")
        if name == "help":
            continue
        if name not in _READERS:
            raise InvalidArgumentError(f"flag '{name}' not recognized")
        values[name] = _READERS[name](flag, text, values.get(name))
    _workers_of(values)
    _values.update(values)


def worker_options() -> WorkerOptions:
    """How workers are set up by the flags so far."""
    return _workers_of(_values)


def _workers_of(values: dict[str, Any]) -> WorkerOptions:
    topology = {name.removeprefix(_TOPOLOGY): values[name] for name in values if name.startswith(_TOPOLOGY)}
    workers = WorkerOptions(
        stack_bytes=values.get("task_worker_stack_size", 0),
        local_memory_bytes=values.get("task_worker_local_memory", 0),
        abort_on_failure=values.get("task_abort_on_failure", False),
    )
    return place_workers(workers, TopologyOptions(**topology))


def _read_number(flag: str, text: str, _before: object) -> int:
    if not text.isdecimal():
        raise InvalidArgumentError(f"{flag}: expected a decimal number")
    return int(text)


def _read_boolean(flag: str, text: str, _before: object) -> bool:
    if text not in ("", "true", "false", "1", "0"):
        raise InvalidArgumentError(f"{flag}: expected true or false")
    return text in ("", "true", "1")


def _read_text(_flag: str, text: str, _before: object) -> str:
    return text


def _read_item(_flag: str, text: str, before: tuple[str, ...] | None) -> tuple[str, ...]:
    return (*(before or ()), text)


_READERS: dict[str, Callable[[str, str, Any], object]] = {
    "task_abort_on_failure": _read_boolean,
    "task_topology_cpu_ids": _read_item,
    "task_topology_distribution": _read_text,
    "task_topology_favor": _read_text,
    "task_topology_group_count": _read_number,
    "task_topology_max_group_count": _read_number,
    "task_topology_mode": _read_text,
    "task_topology_nodes": _read_text,
    "task_topology_performance_level": _read_text,
    "task_worker_local_memory": _read_number,
    "task_worker_spin_us": _read_number,
    "task_worker_stack_size": _read_number,
}


def _load_default_flags_from_env() -> None:
    text = os.environ.get("IREE_PY_RUNTIME_FLAGS", "")
    if not text:
        return
    import shlex

    try:
        parse_flags(*shlex.split(text))
    except ValueError as error:
        raise RuntimeError(
            f"Bad flag value in environment variable IREE_PY_RUNTIME_FLAGS='{text}': {error}"
        ) from error


_load_default_flags_from_env()
