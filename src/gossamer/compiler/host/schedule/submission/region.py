"""Commands gathered for one submission, ordered into waves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from gossamer.compiler.host.program.commands import Command, Copy, Dispatch, Fill, Update, Wave
from gossamer.compiler.host.program.sizes import Size
from gossamer.compiler.host.program.values import Range, Resource
from gossamer.compiler.host.schedule.submission.packing import Lifetime


def reads(command: Command) -> Iterator[Range]:
    """The ranges a command reads."""
    match command:
        case Copy():
            yield command.source
        case Dispatch():
            for binding, range in zip(command.kernel.bindings, command.bindings, strict=True):
                if binding.kind == "operand" and binding.access != "wo":
                    yield range
        case Fill() | Update():
            pass


def writes(command: Command) -> Iterator[Range]:
    """The ranges a command writes."""
    match command:
        case Copy() | Fill() | Update():
            yield command.target
        case Dispatch():
            for binding, range in zip(command.kernel.bindings, command.bindings, strict=True):
                if binding.access != "ro":
                    yield range


@dataclass(slots=True)
class _Use:
    range: Range
    wave: int
    is_write: bool


@dataclass(slots=True)
class Region:
    """Commands of one submission, in program order until they are ordered.

    Attributes:
        created: resources the commands bring into being, in order.
    """

    created: list[Resource] = field(default_factory=list["Resource"])
    _waves: list[list[Command]] = field(default_factory=list["list[Command]"])
    _uses: dict[Resource, list[_Use]] = field(default_factory=dict["Resource", "list[_Use]"])

    @property
    def is_empty(self) -> bool:
        """Nothing to do and nothing to allocate."""
        return not self._waves and not self.created

    @property
    def waves(self) -> tuple[Wave, ...]:
        """The commands, each in the first wave after all it depends on."""
        return tuple(map(tuple, self._waves))

    def append(self, command: Command) -> None:
        """Add a command."""
        used = [(range, False) for range in reads(command)] + [(range, True) for range in writes(command)]
        wave = max((self._earliest(range, is_write) for range, is_write in used), default=0)
        while len(self._waves) <= wave:
            self._waves.append([])
        self._waves[wave].append(command)
        for range, is_write in used:
            self._uses.setdefault(range.resource.root, []).append(_Use(range, wave, is_write))

    def _earliest(self, range: Range, is_write: bool) -> int:
        conflicts = (
            use.wave + 1
            for use in self._uses.get(range.resource.root, ())
            if (is_write or use.is_write) and _overlap(use.range, range)
        )
        return max(conflicts, default=0)

    def touched(self) -> Iterator[tuple[Resource, bool]]:
        """Each root resource in use, and whether a command writes it."""
        for resource, uses in self._uses.items():
            yield resource, any(use.is_write for use in uses)

    def lifetime(self, resource: Resource) -> Lifetime:
        """The waves that use a resource; an unused one lives in the first."""
        waves = [use.wave for use in self._uses.get(resource.root, ())] or [0]
        return Lifetime(resource, min(waves), max(waves))


def _overlap(left: Range, right: Range) -> bool:
    if left.resource is not right.resource:
        return True
    sizes = (left.offset, left.length, right.offset, right.length)
    if not all(size.is_static for size in sizes):
        return True
    left_start, left_length, right_start, right_length = (size.constant for size in sizes)
    return left_start < right_start + right_length and right_start < left_start + left_length


class Placement:
    """Where resources that became parts of other buffers are."""

    def __init__(self) -> None:
        self._homes: dict[Resource, tuple[Resource, Size]] = {}

    def place(self, resource: Resource, home: Resource, offset: Size) -> None:
        """State that a resource is the bytes of `home` from `offset` on."""
        self._homes[resource] = (home, offset)

    def range(self, range: Range) -> Range:
        """A range in terms of the buffers that are allocated."""
        if range.resource not in self._homes:
            return range
        home, offset = self._homes[range.resource]
        return Range(home, offset + range.offset, range.length)

    def waves(self, waves: Iterable[Wave]) -> tuple[Wave, ...]:
        """Commands in terms of the buffers that are allocated."""
        return tuple(tuple(map(self._command, wave)) for wave in waves)

    def _command(self, command: Command) -> Command:
        match command:
            case Dispatch():
                return replace(command, bindings=tuple(map(self.range, command.bindings)))
            case Copy():
                return replace(command, source=self.range(command.source), target=self.range(command.target))
            case Fill() | Update():
                return replace(command, target=self.range(command.target))
