"""Memory that is accounted for in a scope of calls until the object that has it is gone."""

from __future__ import annotations

from gossamer.limits.scope import CallScope, current_scope


class Account:
    """What one object has in use; the object holds it, and it gives back what it took when it goes.

    Attributes:
        byte_length: accounted for.
    """

    __slots__ = ("_scope", "byte_length")

    def __init__(self, scope: CallScope) -> None:
        self._scope = scope
        self.byte_length = 0

    def grow(self, byte_length: int) -> None:
        """Account for more, before it is allocated.

        Raises: CallResourceError where it passes a limit.
        """
        self._scope.charge(byte_length)
        self.byte_length += byte_length

    def __del__(self) -> None:
        self._scope.refund(self.byte_length)


def open_account(byte_length: int) -> Account | None:
    """Account for memory about to be allocated; None where no limit is on this call's memory.

    Raises: CallResourceError where it passes a limit.
    """
    scope = current_scope()
    if scope is None or not scope.bounds_memory:
        return None
    account = Account(scope)
    account.grow(byte_length)
    return account
