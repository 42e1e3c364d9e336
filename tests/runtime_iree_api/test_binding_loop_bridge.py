"""Futures that device timelines complete."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

import gossamer.runtime as rt


def run(use: Callable[[rt.HalDeviceLoopBridge, rt.HalDevice], Awaitable[None]]) -> None:
    """Run `use(bridge, device)` in a loop of its own."""

    async def main() -> None:
        device = rt.get_device("local-task")
        bridge = rt.HalDeviceLoopBridge(device, asyncio.get_running_loop())
        try:
            await asyncio.wait_for(use(bridge, device), 10)
        finally:
            bridge.stop()

    asyncio.run(main())


def test_futures_follow_semaphores() -> None:
    async def use(bridge: rt.HalDeviceLoopBridge, device: rt.HalDevice) -> None:
        first, second = device.create_semaphore(0), device.create_semaphore(0)
        one = bridge.on_semaphore(first, 1, "one")
        one.add_done_callback(lambda _: second.signal(2))
        two = bridge.on_semaphore(second, 1, "two")
        three = bridge.on_semaphore(second, 2, "three")
        assert not one.done()
        first.signal(1)
        assert await asyncio.gather(one, two, three) == ["one", "two", "three"]
        assert await bridge.on_semaphore(first, 1, "reached before") == "reached before"

    run(use)


def test_semaphores_are_signalled_from_other_threads() -> None:
    async def use(bridge: rt.HalDeviceLoopBridge, device: rt.HalDevice) -> None:
        semaphore = device.create_semaphore(0)
        futures = [bridge.on_semaphore(semaphore, value, value) for value in range(1, 51)]

        def signal() -> None:
            for value in range(1, 51):
                semaphore.signal(value)

        thread = threading.Thread(target=signal)
        thread.start()
        assert await asyncio.gather(*futures) == list(range(1, 51))
        thread.join()

    run(use)


def test_failures_fail_futures() -> None:
    async def use(bridge: rt.HalDeviceLoopBridge, device: rt.HalDevice) -> None:
        semaphore = device.create_semaphore(0)
        future = bridge.on_semaphore(semaphore, 1, None)
        semaphore.fail("out of luck")
        with pytest.raises(RuntimeError, match="out of luck"):
            await future

    run(use)


def test_stopping_cancels_what_is_pending() -> None:
    async def use(bridge: rt.HalDeviceLoopBridge, device: rt.HalDevice) -> None:
        semaphore = device.create_semaphore(0)
        future = bridge.on_semaphore(semaphore, 1, None)
        bridge.stop()
        with pytest.raises(asyncio.CancelledError):
            await future
        semaphore.signal(1)
        bridge.stop()

    run(use)


def test_semaphores_may_outlive_the_loop() -> None:
    semaphore = rt.get_device("local-task").create_semaphore(0)

    async def use(bridge: rt.HalDeviceLoopBridge, device: rt.HalDevice) -> None:
        bridge.on_semaphore(semaphore, 1, None)

    run(use)
    semaphore.signal(1)
