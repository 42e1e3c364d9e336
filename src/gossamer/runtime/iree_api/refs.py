"""References to VM objects, as IREE's binding hands them to Python."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from gossamer.vm.objects.ref_types import ref_type_name

_T = TypeVar("_T")


class VmRef:
    """A ref to an object of the VM; `deref` gives the class that knows its methods."""

    __slots__ = ("object",)

    def __init__(self, object: object) -> None:
        self.object = object

    def deref(self, value: type[_T], optional: bool = False) -> _T | None:
        """The object as one of the classes of this API.

        Raises: TypeError when it is of another type, unless `optional`, which gives None.
        """
        cast = getattr(value, "__iree_vm_cast__", None)
        if cast is None:
            raise TypeError(f"class {value.__qualname__} is no VM type")
        found = cast(self)
        if found is None and not optional:
            raise TypeError(f"ref to {ref_type_name(self.object)} cannot be dereferenced as {value.__name__}")
        return found

    def isinstance(self, ref_type: type) -> bool:
        """True where `deref` would succeed."""
        cast = getattr(ref_type, "__iree_vm_cast__", None)
        return cast is not None and cast(self) is not None

    @property
    def __iree_vm_ref__(self) -> VmRef:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VmRef) and self.object is other.object

    def __hash__(self) -> int:
        return id(self.object)

    def __repr__(self) -> str:
        if self.object is None:
            return "<VmRef NULL>"
        return f"<VmRef {ref_type_name(self.object).removeprefix('!')} at {id(self.object):#x}>"


class RefProtocol:
    """What classes that stand for one VM object have in common: equal when the object is the same.

    Attributes:
        object: the object itself, of class `_object_type`.
    """

    __slots__ = ()
    _object_type: ClassVar[type]
    object: Any

    @classmethod
    def of(cls, object: Any) -> Self:
        """Wrap an object, without calling `__init__`."""
        wrapped = cls.__new__(cls)
        wrapped.object = object
        return wrapped

    @classmethod
    def __iree_vm_cast__(cls, ref: VmRef) -> Self | None:
        return cls.of(ref.object) if isinstance(ref.object, cls._object_type) else None

    @property
    def ref(self) -> VmRef:
        """A ref to the object."""
        return VmRef(self.object)

    @property
    def __iree_vm_ref__(self) -> VmRef:
        return VmRef(self.object)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RefProtocol) and self.object is other.object

    def __hash__(self) -> int:
        return id(self.object)


class RefObject(RefProtocol):
    """Base of the classes that hold nothing but the object."""

    __slots__ = ("object",)


def unwrap(value: object) -> object:
    """The VM object behind anything that refers to one; other values as they are."""
    ref = getattr(value, "__iree_vm_ref__", None)
    return ref.object if isinstance(ref, VmRef) else value
