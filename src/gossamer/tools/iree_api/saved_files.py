"""`iree.compiler.tools.debugging`: what goes in and out of compiles, kept in a folder to look at.

`IREE_SAVE_TEMPS` names the folder, or `TempFileSaver(folder)` does; `{id}`, `{pid}` and `{main}` in it stand
for the number of the saver, the process, and the name of the program.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
from pathlib import Path

_VARIABLE = "IREE_SAVE_TEMPS"
_numbers = itertools.count()


class _Thread(threading.local):
    """Savers whose `with` blocks this thread is in."""

    def __init__(self) -> None:
        self.savers: list[TempFileSaver] = []


_thread = _Thread()


class TempFileSaver:
    """Keeps files of compiles inside its `with` block.

    Attributes:
        retained: whether files are kept.
        retained_path: the folder, where they are.
    """

    TEMP_PATH_ENV_KEY = _VARIABLE

    def __init__(self, temp_path_pattern: str | None = None, *, invocation_id: str | None = None) -> None:
        """Make a saver.

        Args:
            temp_path_pattern: folder; None is that of the environment, if there is one.
            invocation_id: what `{id}` stands for; a number by default.
        """
        pattern = temp_path_pattern or os.environ.get(_VARIABLE)
        self.retained = pattern is not None
        self._depth = 0
        self._names: set[str] = set()
        self._exports: list[tuple[str, str]] = []
        if pattern is not None:
            self.invocation_id = str(next(_numbers)) if invocation_id is None else invocation_id
            main = os.path.basename(sys.argv[0])
            folder = pattern.replace("{id}", self.invocation_id).replace("{pid}", str(os.getpid()))
            self.retained_path = folder.replace("{main}", main)

    @staticmethod
    def implicit() -> TempFileSaver:
        """The saver of the innermost `with` block of this thread, or a new one."""
        return _thread.savers[-1] if _thread.savers else TempFileSaver()

    @staticmethod
    def current() -> TempFileSaver:
        """The saver of the innermost `with` block. Raises: RuntimeError outside of any."""
        if not _thread.savers:
            raise RuntimeError("No current TempFileSaver")
        return _thread.savers[-1]

    def __enter__(self) -> TempFileSaver:
        _thread.savers.append(self)
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        _thread.savers.pop()
        self._depth -= 1
        if self._depth == 0:
            for kept, wanted in self._exports:
                if os.path.exists(kept):
                    shutil.copyfile(kept, wanted)
            self._exports.clear()

    def alloc_optional(self, file_name: str, *, export_as: str | None = None) -> str | None:
        """Where a file goes.

        Args:
            file_name: in the folder, if files are kept; numbered where the name was given before.
            export_as: where its user wants it; it is copied there at the end of the block.
        Returns: None where nobody wants it.
        """
        if not self.retained:
            return export_as
        stem, suffix = os.path.splitext(file_name)
        names = itertools.chain((file_name,), (f"{stem}_{number}{suffix}" for number in itertools.count(1)))
        name = next(name for name in names if name not in self._names)
        self._names.add(name)
        Path(self.retained_path).mkdir(parents=True, exist_ok=True)
        path = os.path.join(self.retained_path, name)
        if export_as:
            self._exports.append((path, export_as))
        return path
