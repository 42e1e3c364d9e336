"""Flags of the process under IREE's names: what they do to devices that are made afterwards."""

from __future__ import annotations

import pytest

import gossamer.runtime as rt
from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import WorkerOptions
from gossamer.runtime.iree_api import flags


@pytest.fixture(autouse=True)
def _flags_as_before(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(flags, "_values", {})


def _worker_count() -> int:
    device = rt.get_device("local-task", cache=False)
    assert isinstance(device.device, TaskDevice)
    return device.device.worker_count


def test_numbers_of_workers() -> None:
    rt.flags.parse_flags("--task_topology_group_count=3", "--help")
    assert _worker_count() == 3
    rt.flags.parse_flags("--task_topology_group_count=0", "--task_topology_max_group_count=1")
    assert _worker_count() == 1


def test_processors_and_limits_of_workers() -> None:
    rt.flags.parse_flags("--task_topology_cpu_ids=0", "--task_topology_cpu_ids=0")
    rt.flags.parse_flags("--task_worker_stack_size=262144", "--task_abort_on_failure")
    workers = flags.worker_options()
    assert (workers.count, workers.processors) == (2, (0, 0))
    assert (workers.stack_bytes, workers.abort_on_failure) == (262144, True)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--teapot=1", "flag 'teapot' not recognized"),
        ("--task_topology_group_count=many", "--task_topology_group_count=many: expected a decimal number"),
        ("--task_abort_on_failure=perhaps", "expected true or false"),
        ("--task_topology_cpu_ids=x", "'x' not a valid CPU ID"),
    ],
)
def test_wrong_flags_set_none(flag: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rt.flags.parse_flags("--task_topology_max_group_count=3", flag)
    assert flags.worker_options() == WorkerOptions()


def test_flags_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IREE_PY_RUNTIME_FLAGS", "--task_topology_group_count=2")
    flags._load_default_flags_from_env()
    assert flags.worker_options().count == 2
    monkeypatch.setenv("IREE_PY_RUNTIME_FLAGS", "--help --teapot")
    with pytest.raises(RuntimeError, match=r"IREE_PY_RUNTIME_FLAGS='--help --teapot'.*teapot"):
        flags._load_default_flags_from_env()
