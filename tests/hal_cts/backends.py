"""The devices of the conformance tests: a driver joins by a row of BACKENDS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gossamer.drivers.registry import create_device
from gossamer.drivers.trace.wrapped_device import WrappedDevice
from gossamer.hal.device import Device


@dataclass(frozen=True)
class Backend:
    """A device that is tested.

    Attributes:
        name: of the driver, or of one of several devices of it.
        create: makes one.
        tags: what it can do: `executes`: runs kernels.
    """

    name: str
    create: Callable[[], Device]
    tags: frozenset[str] = frozenset()


EXECUTES = frozenset({"executes"})
BACKENDS = (
    Backend("local-sync", lambda: create_device("local-sync"), EXECUTES),
    Backend("local-task", lambda: create_device("local-task"), EXECUTES),
    Backend("local-task-of-one", lambda: create_device("local-task://?workers=1"), EXECUTES),
    Backend("null", lambda: create_device("null")),
    Backend("wrapped-local-sync", lambda: WrappedDevice(create_device("local-sync")), EXECUTES),
    Backend("wrapped-local-task", lambda: WrappedDevice(create_device("local-task")), EXECUTES),
)
