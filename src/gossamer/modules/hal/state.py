"""What a `hal` module is made with; all its contexts share it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_view import BufferView

TraceSink: TypeAlias = Callable[[str, Sequence[BufferView]], None]
"""Called with the key of a trace and the tensors it shows."""


def trace_to_standard_error(key: str, views: Sequence[BufferView]) -> None:
    """Print tensors as NumPy does, abridged."""
    lines = [f"=== {key} ===", *(f"{view.type_name}={view.to_numpy()}" for view in views)]
    sys.stderr.write("\n".join(lines) + "\n\n")


@dataclass(frozen=True, slots=True)
class HalState:
    """What functions of the module work with.

    Attributes:
        devices: in the order programs see them.
        trace: where traces of tensors go.
        lead: the device preferred where a program may allocate from several.
    """

    devices: tuple[Device, ...]
    trace: TraceSink = trace_to_standard_error
    lead: Device | None = None
