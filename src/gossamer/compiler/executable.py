"""Executables as targets make them and as host programs bring them to a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExecutableTarget:
    """What a target compiles for.

    Attributes:
        backend: name of the target, for example "vmvx".
        format: HAL executable format that a device is asked for, for example "vmvx-bytecode-fb".
    """

    backend: str
    format: str

    def __str__(self) -> str:
        return f'#hal.executable.target<"{self.backend}", "{self.format}">'


@dataclass(frozen=True, slots=True)
class ExecutableBinary:
    """An executable compiled for one target: one variant of it.

    Attributes:
        format: HAL executable format of `data`.
        data: contents.
        mime_type: of `data`.
        listing: makes the text that shows the kernels to people.
    """

    format: str
    data: bytes
    mime_type: str
    listing: Callable[[], str]
