"""`hal.fence.*`: order between queue operations, and between programs and their callers.

Spec: calling conventions and null conventions as in `iree/modules/hal/module.c` of IREE 3.13.0.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from gossamer.abi.hal_functions import HAL
from gossamer.abi.ref_types import DEVICE, FENCE
from gossamer.errors import DeadlineExceededError, StatusCode, status_error
from gossamer.hal.device import Device
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import fresh_error
from gossamer.limits.errors import LimitError
from gossamer.modules.native import FunctionTable, check_refs, wrong_ref
from gossamer.vm.link.inline_form import EventRole, InlineForm

functions = FunctionTable(HAL)

_DEADLINE_EXCEEDED = int(StatusCode.DEADLINE_EXCEEDED)


@functions.export(
    "fence.create",
    inline=InlineForm(None, instances={0: Device}, result_class=Fence, events=EventRole(is_created=True)),
)
def fence_create(device: object, flags: int) -> Fence:
    """Make a fence that is reached by one signal."""
    del flags
    if not isinstance(device, Device):
        raise wrong_ref(device, DEVICE)
    return Fence.create()


@functions.export(
    "fence.join",
    inline=InlineForm("None", nulls=(1,), events=EventRole(awaited=(1,), is_join=True)),
)
def fence_join(flags: int, fences: list[Fence | None]) -> Fence | None:
    """Make a fence that is reached when all are; null when there is nothing to wait for."""
    del flags
    check_refs(fences, Fence, FENCE)
    return Fence.join(fences)


@functions.export("fence.query")
def fence_query(fence: Fence) -> int:
    """Status code: 0 reached, 17 pending, the failure's otherwise."""
    if type(fence) is not Fence:
        raise wrong_ref(fence, FENCE)
    return int(fence.query())


@functions.export("fence.signal")
def fence_signal(fence: Fence) -> None:
    """Reach a fence."""
    if type(fence) is not Fence:
        raise wrong_ref(fence, FENCE)
    fence.signal()


@functions.export("fence.fail")
def fence_fail(fence: Fence, code: int) -> None:
    """Fail a fence; a code of OK counts as UNKNOWN, for there must be some error to raise."""
    if type(fence) is not Fence:
        raise wrong_ref(fence, FENCE)
    fence.fail(status_error(code & 0x1F or StatusCode.UNKNOWN, "fence was failed by the program"))


def _fence_await_resumable(
    timeout_milliseconds: int, flags: int, fences: list[Fence | None]
) -> Generator[object, None, object]:
    if timeout_milliseconds != -1:
        return fence_await(timeout_milliseconds, flags, fences)
    check_refs(fences, Fence, FENCE)
    for fence in fences:
        while fence is not None and not fence.is_reached:
            failure = fence.failure
            if failure is not None:
                raise fresh_error(failure)
            yield fence
    return 0


@functions.export(
    "fence.await",
    resumable=_fence_await_resumable,
    inline=InlineForm("0", nulls=(2,), events=EventRole(awaited=(2,))),
)
def fence_await(timeout_milliseconds: int, flags: int, fences: list[Fence | None]) -> int:
    """Block until all fences are reached: 0, or 4 on a timeout; a failed fence raises its error.

    Args:
        timeout_milliseconds: for all together; -1 waits for ever.
        fences: null ones are reached.
    """
    del flags
    deadline = None
    for fence in fences:
        if fence is None:
            continue
        if type(fence) is not Fence:
            raise wrong_ref(fence, FENCE)
        if fence.is_reached:
            continue
        if timeout_milliseconds == -1:
            fence.wait()
            continue
        seconds = (timeout_milliseconds & 0xFFFFFFFF) / 1000
        if deadline is None:
            deadline = time.monotonic() + seconds
        try:
            fence.wait(max(deadline - time.monotonic(), 0.0))
        except LimitError:
            raise
        except DeadlineExceededError:
            if fence.failure is not None:
                raise
            return _DEADLINE_EXCEEDED
    return 0
