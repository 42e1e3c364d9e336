"""Values of the VM as values of Python methods, and back.

In: a signature and values of one side. Out: values of the other. Tensors become NumPy arrays over the
program's memory; what a method returns is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.modules.python.signature import Signature
from gossamer.modules.python.types import TensorConverter, ValueConverter

ALLOCATOR = HeapAllocator()


def from_vm(type: ValueConverter, value: object) -> object:
    """One value as a method gets it."""
    return type.from_vm(value)


def to_vm(type: ValueConverter, value: object, what: str) -> object:
    """One value as a program gets it.

    Raises: InvalidArgumentError naming `what` where it is not of the type.
    """
    if isinstance(type, TensorConverter):
        return type.to_vm(value, ALLOCATOR, what)
    return type.to_vm(value, what)


def arguments_from_vm(signature: Signature, values: Sequence[object]) -> list[object]:
    """Arguments of a method."""
    try:
        return [from_vm(type, value) for (_, type), value in zip(signature.arguments, values, strict=True)]
    except InvalidArgumentError as error:
        raise error.annotate(f"in arguments of {signature.full_name}") from None


def arguments_to_vm(signature: Signature, values: Sequence[object]) -> list[object]:
    """Arguments that a method gives to an import.

    Raises: InvalidArgumentError where their number or one of them is wrong.
    """
    if len(values) != len(signature.arguments):
        raise InvalidArgumentError(
            f"{signature.full_name} takes {len(signature.arguments)} arguments, got {len(values)}"
        )
    return [
        to_vm(type, value, f"argument {name} of {signature.full_name}")
        for (name, type), value in zip(signature.arguments, values, strict=True)
    ]


def results_from_vm(signature: Signature, returned: object) -> object:
    """What a call of an import gives to the method that made it."""
    values = as_tuple(signature, returned)
    try:
        return pack([from_vm(type, value) for type, value in zip(signature.results, values, strict=True)])
    except InvalidArgumentError as error:
        raise error.annotate(f"in results of {signature.full_name}") from None


def results_to_vm(signature: Signature, arguments: Sequence[object], returned: object) -> object:
    """What a method returned, as the callable ABI has it; in the caller's storage where that was given."""
    results: list[object] = []
    for index, value in enumerate(as_tuple(signature, returned)):
        storage = output_storage(signature, arguments, index)
        if storage is None:
            results.append(to_vm(signature.results[index], value, f"result {index} of {signature.full_name}"))
        else:
            results.append(store_result(signature, index, value, storage))
    return pack(results)


def store_result(signature: Signature, index: int, value: object, storage: BufferView) -> BufferView:
    """Copy a result to its storage."""
    source = to_vm(signature.results[index], value, f"result {index} of {signature.full_name}")
    if isinstance(source, BufferView) and source is not storage:
        storage.to_numpy()[...] = source.to_numpy()
    return storage


def output_storage(signature: Signature, arguments: Sequence[object], index: int) -> BufferView | None:
    """The argument that is storage of a result, or None."""
    for (_, type), value in zip(signature.arguments, arguments, strict=False):
        if isinstance(type, TensorConverter) and type.output == index and isinstance(value, BufferView):
            return value
    return None


def as_tuple(signature: Signature, returned: object) -> tuple[object, ...]:
    """What a function returned, one object for each declared result.

    Raises: InvalidArgumentError where it returned another number of them.
    """
    count = len(signature.results)
    if count == 0:
        if returned is not None:
            raise InvalidArgumentError(
                f"{signature.full_name} returned {type(returned).__name__}, but declares no result; "
                "annotate what it returns"
            )
        return ()
    if count == 1:
        return (returned,)
    if not isinstance(returned, (tuple, list)):
        raise InvalidArgumentError(
            f"{signature.full_name} returned {type(returned).__name__}, declared a tuple of {count} results"
        )
    values = tuple(cast("Sequence[object]", returned))
    if len(values) != count:
        raise InvalidArgumentError(f"{signature.full_name} returned {len(values)} results, declared {count}")
    return values


def pack(results: Sequence[object]) -> object:
    """Results as a call returns them: nothing, one, or a tuple."""
    if not results:
        return None
    return results[0] if len(results) == 1 else tuple(results)
