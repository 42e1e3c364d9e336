"""Semaphores and fences under the names of IREE's binding.

Times are in nanoseconds: a `timeout` from now, a `deadline` of the clock that `time.monotonic_ns` reads;
a deadline of 0 only looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.errors import InvalidArgumentError, StatusError, UnimplementedError, UnknownError
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore
from gossamer.runtime.iree_api.errors import describe
from gossamer.runtime.iree_api.refs import RefObject, unwrap
from gossamer.runtime.iree_api.types import ExternalTimepointFlags, ExternalTimepointType


class HalExternalTimepoint:
    """A timepoint of another runtime; there are none of a CPU.

    Attributes:
        type, flags, compatibility: numbers of their enumerations.
        cuda_event, hip_event: handles.
    """

    type: int
    flags: int
    compatibility: int
    cuda_event: int
    hip_event: int

    def __init__(self) -> None:
        self.type = int(ExternalTimepointType.NONE)
        self.flags = int(ExternalTimepointFlags.NONE)
        self.compatibility = self.cuda_event = self.hip_event = 0


class HalSemaphore(RefObject):
    """A timeline."""

    __slots__ = ()
    _object_type = Semaphore
    object: Semaphore

    def query(self) -> int:
        """Present payload value. Raises: the error the timeline failed with."""
        try:
            return self.object.query()
        except StatusError as error:
            raise describe("querying semaphore", error) from None

    def signal(self, new_value: int) -> None:
        """Advance the timeline. Raises: ValueError when it is past that value already."""
        self.object.signal(new_value)

    def fail(self, message: str) -> None:
        """Fail the timeline."""
        self.object.fail(UnknownError(message))

    def wait(self, payload: int, timeout: int | None = None, deadline: int | None = None) -> bool:
        """Wait for a value; False on a timeout.

        Raises: RuntimeError with the error the timeline failed with.
        """
        return _wait(
            lambda seconds: self.object.wait(payload, seconds), timeout, deadline, "semaphore", self.object
        )

    def import_timepoint(self, value: int, external_timepoint: HalExternalTimepoint) -> None:
        """Raises: NotImplementedError; there is nothing to import on a CPU."""
        del value, external_timepoint
        raise UnimplementedError("timepoints of other runtimes cannot be imported")

    def export_timepoint(
        self,
        value: int,
        requested_type: ExternalTimepointType | int,
        requested_flags: ExternalTimepointFlags | int,
        out_external_timepoint: HalExternalTimepoint,
    ) -> None:
        """Raises: NotImplementedError; there is nothing to export to on a CPU."""
        del value, requested_type, requested_flags, out_external_timepoint
        raise UnimplementedError("timepoints cannot be exported to other runtimes")


class HalFence(RefObject):
    """A set of semaphores and values."""

    __slots__ = ()
    _object_type = Fence
    object: Fence

    def __init__(self, capacity: int) -> None:
        del capacity
        self.object = Fence()

    @staticmethod
    def create_at(sem: HalSemaphore, value: int) -> HalFence:
        """A fence of one timepoint."""
        return HalFence.of(Fence.at(_semaphore_of(sem), value))

    @staticmethod
    def join(fences: Sequence[HalFence | Fence]) -> HalFence:
        """A fence that is reached when all of them are, `gossamer.Fence`s among them."""
        return HalFence.of(Fence.join([fence_of(fence, "join") for fence in fences]) or Fence())

    @property
    def timepoint_count(self) -> int:
        """How many semaphores it has."""
        return len(self.object.timepoints)

    def insert(self, sem: HalSemaphore, value: int) -> None:
        """Add a timepoint; of two values of one semaphore the larger counts."""
        self.object.insert(_semaphore_of(sem), value)

    def extend(self, from_fence: HalFence | Fence) -> None:
        """Add the timepoints of another fence, which may be a `gossamer.Fence`."""
        for semaphore, value in fence_of(from_fence, "extend").timepoints:
            self.object.insert(semaphore, value)

    def signal(self) -> None:
        """Advance every semaphore to its value."""
        self.object.signal()

    def fail(self, message: str) -> None:
        """Fail every semaphore."""
        self.object.fail(UnknownError(message))

    def wait(self, timeout: int | None = None, deadline: int | None = None) -> bool:
        """Wait until reached; False on a timeout.

        Raises: RuntimeError with the error a semaphore failed with.
        """
        return _wait(self.object.wait, timeout, deadline, "fence", self.object)


def fence_of(value: object, what: str) -> Fence:
    """The fence that an object of either API is or stands for.

    Args:
        value: what a caller gave.
        what: named in the error.
    Raises: InvalidArgumentError where it is no fence.
    """
    found = unwrap(value)
    if not isinstance(found, Fence):
        raise InvalidArgumentError(
            f"{what} expected a gossamer.Fence or a HalFence, found {type(value).__name__}"
        )
    return found


def _semaphore_of(value: object) -> Semaphore:
    found = unwrap(value)
    if not isinstance(found, Semaphore):
        raise InvalidArgumentError(f"expected a HalSemaphore, found {type(value).__name__}")
    return found


HalSemaphoreList: TypeAlias = "Sequence[tuple[HalSemaphore, int]] | HalFence"


def to_fence(semaphores: HalSemaphoreList) -> Fence | None:
    """Fence of what queue operations take; None where there is nothing to wait for or to signal."""
    if isinstance(semaphores, HalFence):
        return semaphores.object
    pairs = [(semaphore.object, value) for semaphore, value in semaphores]
    return Fence(pairs) if pairs else None


def _wait(
    wait: Callable[[float | None], None],
    timeout: int | None,
    deadline: int | None,
    what: str,
    timeline: Semaphore | Fence,
) -> bool:
    failed_before = timeline.failure is not None
    try:
        wait(_seconds(timeout, deadline))
    except TimeoutError:
        return False
    except StatusError as error:
        when = "synchronous" if failed_before else "asynchronous"
        raise describe(f"{when} {what} failure", error) from None
    return True


def _seconds(timeout: int | None, deadline: int | None) -> float | None:
    if timeout is not None and deadline is not None:
        raise ValueError("timeout and deadline cannot both be set")
    if timeout is not None:
        return max(timeout, 0) / 1e9
    if deadline is not None:
        return max(deadline - time.monotonic_ns(), 0) / 1e9
    return None
