"""Calls between programs and Python methods: VM values on one side, NumPy arrays on the other.

In: a signature and a bound method, or a linked function. Out: a callable of the other side. Methods that are
coroutines: `coroutines`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gossamer.hal.timeline.fence import Fence
from gossamer.modules.python.conversion import (
    arguments_from_vm,
    arguments_to_vm,
    results_from_vm,
    results_to_vm,
)
from gossamer.modules.python.linked_calls import found
from gossamer.modules.python.signature import Signature
from gossamer.vm.link.function import Function


def bind_export(signature: Signature, method: Callable[..., Any]) -> Callable[..., object]:
    """Callable, in the callable ABI, of a Python method."""
    if signature.is_coroutine:
        # Why here: asyncio takes long to load.
        from gossamer.modules.python.coroutines import bind_coroutine

        return bind_coroutine(signature, method)
    if signature.takes_fences:
        return _bind_with_fences(signature, method)

    def call(*arguments: object) -> object:
        return results_to_vm(signature, arguments, method(*arguments_from_vm(signature, arguments)))

    return call


def _bind_with_fences(signature: Signature, method: Callable[..., Any]) -> Callable[..., object]:
    def call(*arguments: object) -> object:
        *values, wait, signal = arguments
        try:
            python_values = arguments_from_vm(signature, values)
            return results_to_vm(signature, values, method(*python_values, wait=wait, signal=signal))
        except BaseException as error:
            # Why: whoever waits for the signal fence would wait for ever.
            if isinstance(signal, Fence):
                signal.fail(error, f"raised in {signature.full_name}")
            raise

    return call


def import_method(signature: Signature, find: Callable[[], Function | None]) -> Callable[..., object]:
    """Python callable of an import; takes and returns NumPy arrays and numbers.

    A method that is declared as a coroutine waits for the function's results; one that takes fences gives
    them to the function, and its results may be read when the second is reached.

    Args:
        signature: of the method that stands for the import.
        find: gives the function that a call is to reach; None for an optional import that nobody offers.
    """
    if signature.is_coroutine:
        from gossamer.modules.python.coroutines import import_coroutine

        return import_coroutine(signature, find)

    def call_import(*arguments: object, wait: Fence | None = None, signal: Fence | None = None) -> object:
        function = found(signature, find)
        values = arguments_to_vm(signature, arguments)
        fences = (wait, signal) if signature.is_async else ()
        returned = function.callable(*values, *fences)
        return results_from_vm(signature, returned)

    return call_import
