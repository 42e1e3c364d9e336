"""When objects of C are destroyed: when asked, when nobody uses them, at the latest when the process ends.

What garbage collection finds is destroyed in a thread of its own. Why: it may find it at any moment, while
locks are held that the object's own threads wait for, and C waits for those threads.
"""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable

_pending: dict[int, Destruction] = {}
"""What is not destroyed yet, by identity, in the order made."""


class Destruction:
    """A call that is made once.

    Args:
        owner: whose end asks for it; not to be among the arguments.
        function: makes the call.
        arguments: kept until then.
    """

    def __init__(self, owner: object, function: Callable[..., object], *arguments: object) -> None:
        self._function = function
        self._arguments = arguments
        finalizer = weakref.finalize(owner, self._run_elsewhere)
        finalizer.atexit = False
        _pending[id(self)] = self

    @property
    def is_done(self) -> bool:
        """True once the call was made, or is being made."""
        return id(self) not in _pending

    def run(self) -> None:
        """Make the call; again is harmless."""
        if _pending.pop(id(self), None) is not None:
            self._function(*self._arguments)

    def _run_elsewhere(self) -> None:
        if not self.is_done:
            threading.Thread(target=self.run, name="gossamer-destruction").start()


@atexit.register
def _run_all() -> None:
    for destruction in reversed(list(_pending.values())):
        destruction.run()
