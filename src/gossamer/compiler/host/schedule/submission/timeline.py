"""Which moments work on each resource must wait for, tracked while a function is scheduled.

Within a block everything is known: who wrote a resource and who still reads it. At the start of a block that
other blocks lead to, one timepoint stands for all that happened before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gossamer.compiler.host.program.values import Resource, Timepoint

_NOTHING: frozenset[Timepoint] = frozenset()


@dataclass(slots=True)
class Timeline:
    """Pending timepoints.

    Attributes:
        base: what everything that no entry knows of waits for.
        outstanding: timepoints brought about so far that nobody has waited for.
    """

    base: frozenset[Timepoint] = _NOTHING
    outstanding: set[Timepoint] = field(default_factory=set["Timepoint"])
    _writes: dict[Resource, frozenset[Timepoint]] = field(
        default_factory=dict["Resource", "frozenset[Timepoint]"]
    )
    _reads: dict[Resource, frozenset[Timepoint]] = field(
        default_factory=dict["Resource", "frozenset[Timepoint]"]
    )
    _implied: dict[Timepoint, frozenset[Timepoint]] = field(
        default_factory=dict["Timepoint", "frozenset[Timepoint]"]
    )
    _reached: set[Timepoint] = field(default_factory=set["Timepoint"])
    _count: int = 0

    def new(self, after: Iterable[Timepoint] = ()) -> Timepoint:
        """A timepoint that work which waits for `after` will bring about."""
        self._count += 1
        timepoint = Timepoint(f"t{self._count}")
        implied: set[Timepoint] = set()
        for earlier in after:
            implied |= {earlier} | self._implied.get(earlier, _NOTHING)
        self._implied[timepoint] = frozenset(implied)
        self.outstanding -= implied
        self.outstanding.add(timepoint)
        return timepoint

    def before_read(self, resource: Resource) -> frozenset[Timepoint]:
        """What reading a resource must wait for."""
        return self._writes.get(resource.root, self.base)

    def before_write(self, resource: Resource) -> frozenset[Timepoint]:
        """What writing or freeing a resource must wait for."""
        return self.before_read(resource) | self._reads.get(resource.root, _NOTHING)

    def define(self, resource: Resource, ready: Iterable[Timepoint]) -> None:
        """State when a new resource is ready, instead of after everything so far."""
        self._writes[resource.root] = frozenset(ready) - self._reached

    def did_read(self, resource: Resource, timepoint: Timepoint) -> None:
        """Record that a resource is read until `timepoint`."""
        self._reads[resource.root] = self._reads.get(resource.root, _NOTHING) | {timepoint}

    def did_write(self, resource: Resource, timepoint: Timepoint) -> None:
        """Record that work which waits for all other work on a resource writes it until `timepoint`."""
        self._writes[resource.root] = frozenset({timepoint})
        self._reads[resource.root] = _NOTHING

    def everything(self) -> set[Timepoint]:
        """All timepoints that anything so far is ready at."""
        return self.outstanding.union(self.base, *self._writes.values(), *self._reads.values())

    def reduce(self, timepoints: Iterable[Timepoint]) -> tuple[Timepoint, ...]:
        """The timepoints that are neither reached nor implied by others of them, in order of creation."""
        pending = set(timepoints) - self._reached
        implied: set[Timepoint] = set()
        for timepoint in pending:
            implied |= self._implied.get(timepoint, _NOTHING)
        return tuple(sorted(pending - implied, key=lambda timepoint: (len(timepoint.name), timepoint.name)))

    def reached(self, timepoints: Iterable[Timepoint]) -> None:
        """Record that the host has waited for timepoints."""
        for timepoint in timepoints:
            self._reached |= {timepoint} | self._implied.get(timepoint, _NOTHING)
        self.outstanding -= self._reached
        self.base -= self._reached

    def enter_block(self, arrival: Timepoint | None) -> None:
        """Start a block that `arrival`, a timepoint after all work done on the way, is passed to."""
        self._writes.clear()
        self._reads.clear()
        self._implied.clear()
        self._reached.clear()
        self.base = frozenset({arrival} if arrival else ())
        self.outstanding = set(self.base)
