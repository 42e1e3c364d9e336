"""Executables as targets make them and as host programs bring them to a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExecutableTarget:
    """What a target compiles for.

    Attributes:
        backend: name of the target, for example "vmvx".
        format: HAL executable format that a device is asked for, for example "vmvx-bytecode-fb".
        cpu: name of the processor it compiles for, or "".
        cpu_features: "+avx,+avx2" and so on: what that processor has.
        conditions: features that a device is asked for, where there are kernels for others too.
    """

    backend: str
    format: str
    cpu: str = ""
    cpu_features: str = ""
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        # Spec: as IREE prints it, which is where runtimes find what processor a module is for.
        processor = f', {{cpu = "{self.cpu}", cpu_features = "{self.cpu_features}"}}' if self.cpu else ""
        return f'#hal.executable.target<"{self.backend}", "{self.format}"{processor}>'


@dataclass(frozen=True, slots=True)
class ExecutableBinary:
    """An executable compiled for one target: one variant of it.

    Attributes:
        target: what it was compiled for.
        data: contents.
        mime_type: of `data`.
        listing: makes the text that shows the kernels to people.
        stages: makes what the kernels were on their way, by suffix of file: "codegen.ll" and so on.
    """

    target: ExecutableTarget
    data: bytes
    mime_type: str
    listing: Callable[[], str]
    stages: Callable[[], Mapping[str, bytes]] = dict[str, bytes]
