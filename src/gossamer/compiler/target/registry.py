"""The targets there are, by name. What is registered here is all that the pipeline knows of targets."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from gossamer.compiler.target.llvm_cpu.target import LlvmCpuTarget
from gossamer.compiler.target.target import Target
from gossamer.compiler.target.vmvx.target import VmvxTarget

_TARGETS: dict[str, Target] = {}


def register_target(target: Target) -> None:
    """Let `--iree-hal-local-target-device-backends=` name a target.

    Raises: ValueError where another target has its name.
    """
    if target.name in _TARGETS:
        raise ValueError(f"target '{target.name}' is registered already")
    _TARGETS[target.name] = target


@contextmanager
def registered(target: Target) -> Generator[None]:
    """Register a target until the end of the `with` block."""
    register_target(target)
    try:
        yield
    finally:
        del _TARGETS[target.name]


def find_target(name: str) -> Target | None:
    """The target of a name, or None where there is none."""
    return _TARGETS.get(name)


def target_names() -> tuple[str, ...]:
    """Names of all targets, in the order they were registered."""
    return tuple(_TARGETS)


def is_extended() -> bool:
    """Whether there are other targets than the compiler's own."""
    return len(_TARGETS) != len(_OWN)


_OWN = (VmvxTarget(), LlvmCpuTarget())
for _target in _OWN:
    register_target(_target)
