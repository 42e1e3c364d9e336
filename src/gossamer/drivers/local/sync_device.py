"""`local-sync`: work runs in the thread that submits it, or that reaches its wait fence."""

from __future__ import annotations

from gossamer.hal.device import Device


class SyncDevice(Device):
    """Runs every operation as soon as it can, on the thread that makes it possible."""
