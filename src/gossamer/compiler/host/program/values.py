"""What host programs handle: device memory, moments of the device's timeline, buffer views, tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler.host.program.sizes import ZERO, Scalar, Shape, Size


@dataclass(eq=False, slots=True)
class Timepoint:
    """A moment when some work is done: a fence of the running program, or null where it has passed."""

    name: str

    def __str__(self) -> str:
        return f"%{self.name}"


@dataclass(eq=False, slots=True)
class Resource:
    """A buffer of the running program.

    Attributes:
        alias: the resource whose bytes these are too, so that the order of work on both matters.
    """

    name: str
    size: Size
    alias: Resource | None = None

    @property
    def root(self) -> Resource:
        """The resource that stands for all those sharing these bytes."""
        return self.alias.root if self.alias else self

    def __str__(self) -> str:
        return f"%{self.name}"


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of a resource."""

    resource: Resource
    offset: Size
    length: Size

    def __str__(self) -> str:
        return f"{self.resource}[{self.offset} for {self.length}]"


def whole(resource: Resource) -> Range:
    """All bytes of a resource."""
    return Range(resource, ZERO, resource.size)


@dataclass(eq=False, slots=True)
class View:
    """A buffer view of the running program: a buffer with shape and element type."""

    name: str

    def __str__(self) -> str:
        return f"%{self.name}"


@dataclass(eq=False, slots=True)
class Opaque:
    """A ref or host buffer the program passes on without looking inside; `ref_type` is its full type."""

    name: str
    ref_type: str

    def __str__(self) -> str:
        return f"%{self.name}"


@dataclass(eq=False, slots=True)
class Tensor:
    """A tensor of the program.

    Attributes:
        element: element type as MLIR spells it. If there is a view, the view's, which may be unsigned where
            the program's is signless.
        range: where its bytes are.
        view: a view of exactly this tensor that exists wherever the tensor does, if there is one.
    """

    shape: Shape
    element: str
    range: Range
    view: View | None = None


Value: TypeAlias = Resource | Timepoint | View | Scalar | Opaque
"""What a step defines or uses, each with an identity of its own."""
