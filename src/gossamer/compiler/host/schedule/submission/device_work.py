"""Gathers a function's device work, gives it memory and submits it.

Work waits in a region until something on the host needs it done or needs to know when it will be. Then the
region's memory is allocated: what is used in it alone in one buffer that is given back afterwards, results
that leave together in another, the rest each on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gossamer.compiler.host.program.commands import Command, Copy
from gossamer.compiler.host.program.sizes import Size
from gossamer.compiler.host.program.steps import Alloca, Allocate, Dealloca, Execute, Step, Wait
from gossamer.compiler.host.program.values import Range, Resource, Timepoint, whole
from gossamer.compiler.host.schedule.analysis.aliasing import AliasClass, Aliasing
from gossamer.compiler.host.schedule.analysis.liveness import Liveness
from gossamer.compiler.host.schedule.submission.packing import pack, pack_together
from gossamer.compiler.host.schedule.submission.region import Placement, Region
from gossamer.compiler.host.schedule.submission.timeline import Timeline
from gossamer.compiler.mlir import ir


@dataclass(slots=True)
class DeviceWork:
    """Device work of one function.

    Attributes:
        emit: appends a step to the current block.
        new_name: makes a name of a prefix.
        record: makes an `Execute` use a reusable recording where it can.
        is_async: the host does not wait for this function's work before it returns.
        position: number of the operation in its block that is being scheduled.
        lent: memory of the caller's for what is used in one submission alone, or None; as large as is used.
    """

    emit: Callable[[Step], None]
    new_name: Callable[[str], str]
    record: Callable[[Execute], Execute]
    aliasing: Aliasing
    liveness: Liveness
    is_async: bool
    timeline: Timeline = field(default_factory=Timeline)
    placement: Placement = field(default_factory=Placement)
    position: int = 0
    lent: Resource | None = None
    _region: Region = field(default_factory=Region)
    _values: dict[Resource, list[ir.Value]] = field(default_factory=dict["Resource", "list[ir.Value]"])
    _owned: list[Resource] = field(default_factory=list["Resource"])
    _kept: set[Resource] = field(default_factory=set["Resource"])
    _leaving: set[Resource] = field(default_factory=set["Resource"])

    def command(self, command: Command) -> None:
        """Add work."""
        self._region.append(command)

    def create(self, size: Size, prefix: str = "buffer") -> Resource:
        """Memory that is allocated when the region is submitted."""
        resource = Resource(self.new_name(prefix), size)
        self._region.created.append(resource)
        return resource

    def copy(self, source: Range, *, leaves: bool = False) -> Range:
        """Add a copy of some bytes to new memory; one that `leaves` is a result of the function."""
        resource = self.create(source.length, "copy")
        if leaves:
            self._leaving.add(resource)
        target = Range(resource, Size(), source.length)
        self.command(Copy(source, target))
        return target

    def keep(self, resource: Resource) -> None:
        """State that a resource becomes state of the module, and lives on alone."""
        self._kept.add(resource)

    def holds(self, resource: Resource, value: ir.Value) -> None:
        """State that a tensor is in a resource, which must live as long."""
        self._values.setdefault(resource, []).append(value)

    def before_read(self, range: Range) -> frozenset[Timepoint]:
        """What reading a range that has been submitted must wait for."""
        return self.timeline.before_read(self.placement.range(range).resource)

    def before_write(self, range: Range) -> frozenset[Timepoint]:
        """What writing a range that has been submitted must wait for."""
        return self.timeline.before_write(self.placement.range(range).resource)

    def submit(self) -> None:
        """Allocate memory for the work gathered, and submit it."""
        region, self._region = self._region, Region()
        if region.is_empty:
            return
        wait, transients = self._allocate(region, self._dependencies(region))
        waves = self.placement.waves(region.waves)
        if waves:
            signal = self.timeline.new(wait)
            self.emit(self.record(Execute(waves, wait, signal)))
            self._note_uses(region, signal)
        if transients is not None:
            self._deallocate(transients)
        self._deallocate_dead()

    def _dependencies(self, region: Region) -> Wait:
        created = set(region.created)
        waits: set[Timepoint] = set()
        for resource, is_written in region.touched():
            if resource not in created:
                before = self.before_write if is_written else self.before_read
                waits |= before(whole(resource))
        return self.timeline.reduce(waits)

    def _note_uses(self, region: Region, signal: Timepoint) -> None:
        for resource, is_written in region.touched():
            home = self.placement.range(whole(resource)).resource
            if is_written:
                self.timeline.did_write(home, signal)
            else:
                self.timeline.did_read(home, signal)

    def _allocate(self, region: Region, wait: Wait) -> tuple[Wait, Resource | None]:
        """Allocate what a region creates; returns what the region then waits for, and its scratch memory."""
        leaving: list[Resource] = []
        transients: list[Resource] = []
        for resource in region.created:
            if self._is_dead(resource):
                transients.append(resource)
            elif self._leaves_together(resource):
                leaving.append(resource)
            else:
                wait = self._allocate_one(resource, wait)
                if self._is_private(resource):
                    self._owned.append(resource)
        if len(leaving) == 1:
            wait = self._allocate_one(leaving[0], wait)
        elif leaving:
            wait, _ = self._allocate_slab("results", *pack_together(leaving), wait)
        if not transients:
            return wait, None
        offsets, size = pack([region.lifetime(resource) for resource in transients])
        if self.lent is None or not size.is_static:
            return self._allocate_slab("transients", offsets, size, wait)
        # Why one place for all submissions: each waits for the one before.
        wait = self.timeline.reduce({*wait, *self.timeline.before_write(self.lent)})
        for resource, offset in offsets.items():
            self.placement.place(resource, self.lent, offset)
        self.lent.size = Size(max(self.lent.size.constant, size.constant))
        return wait, None

    def _is_dead(self, resource: Resource) -> bool:
        values = self._values.get(resource, ())
        return (
            resource not in self._kept
            and bool(values)
            and not any(self.liveness.is_live(value, self.position) for value in values)
        )

    def _leaves_together(self, resource: Resource) -> bool:
        classes = self._classes(resource)
        is_shared = bool(classes) and all(each.is_shared and not each.crosses_blocks for each in classes)
        return resource in self._leaving or (is_shared and resource not in self._kept)

    def _is_private(self, resource: Resource) -> bool:
        classes = self._classes(resource)
        return (
            resource not in self._kept
            and bool(classes)
            and not any(each.is_shared or each.crosses_blocks for each in classes)
        )

    def _classes(self, resource: Resource) -> list[AliasClass]:
        return [self.aliasing.of(value) for value in self._values.get(resource, ())]

    def _allocate_slab(
        self, prefix: str, offsets: dict[Resource, Size], size: Size, wait: Wait
    ) -> tuple[Wait, Resource]:
        slab = Resource(self.new_name(prefix), size)
        for resource, offset in offsets.items():
            self.placement.place(resource, slab, offset)
        return self._allocate_one(slab, wait), slab

    def _allocate_one(self, resource: Resource, wait: Wait) -> Wait:
        if not self.is_async:
            # Why: the host waits for this function's work anyway, and memory at once needs no fence.
            self.emit(Allocate(resource))
            self.timeline.define(resource, ())
            return wait
        signal = self.timeline.new(wait)
        self.emit(Alloca(resource, wait, signal))
        self.timeline.define(resource, (signal,))
        return (signal,)

    def _deallocate(self, resource: Resource) -> None:
        # Why: where the host waits, dropping the last ref gives memory back as early as the queue would.
        if self.is_async:
            wait = self.timeline.reduce(self.timeline.before_write(resource))
            self.emit(Dealloca(resource, wait, self.timeline.new(wait)))

    def _deallocate_dead(self) -> None:
        dead = [resource for resource in self._owned if self._is_dead(resource)]
        for resource in dead:
            self._owned.remove(resource)
            self._deallocate(resource)
