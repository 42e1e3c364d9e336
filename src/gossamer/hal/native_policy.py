"""Whether programs may bring native code: one policy for executables and for modules that are shared objects.

Native code is trusted: it can do whatever the process can, unlike VM bytecode, which is verified.
In: a policy by name. Out: permission, or an error that says what was refused and how to allow it.
"""

from __future__ import annotations

from enum import StrEnum

from gossamer.errors import InvalidArgumentError, PermissionDeniedError


class NativeCodePolicy(StrEnum):
    """Which native code may be loaded."""

    NONE = "none"
    """None at all."""

    EMBEDDED = "embedded"
    """Executables that stand alone: they import nothing, and no system loader runs their initialisers."""

    ALL = "all"
    """Whatever the system's loader takes, too."""

    @classmethod
    def parse(cls, value: NativeCodePolicy | str) -> NativeCodePolicy:
        """Policy of a name.

        Raises: InvalidArgumentError for an unknown one.
        """
        try:
            return cls(value)
        except ValueError:
            raise InvalidArgumentError(
                f"allow_native is {value!r}, expected one of {', '.join(cls)}"
            ) from None

    def require(self, what: str, *, stands_alone: bool) -> None:
        """Raise NativeCodeRefusedError unless native code may be loaded.

        Args:
            what: names it, for the message: `executable format 'embedded-elf-x86_64'`.
            stands_alone: True for code that imports nothing and is not given to the system's loader.
        """
        needed = NativeCodePolicy.EMBEDDED if stands_alone else NativeCodePolicy.ALL
        if self in (needed, NativeCodePolicy.ALL):
            return
        raise NativeCodeRefusedError(what, self, needed)


class NativeCodeRefusedError(PermissionDeniedError):
    """Native code that may not be loaded.

    Attributes:
        needed: the narrowest policy that allows it.
    """

    def __init__(self, what: str, policy: NativeCodePolicy, needed: NativeCodePolicy) -> None:
        self.needed = needed
        super().__init__(
            f"{what} is native code, which may not run here (allow_native is '{policy}'); "
            f"if you trust it, allow it with allow_native='{needed}'"
        )
