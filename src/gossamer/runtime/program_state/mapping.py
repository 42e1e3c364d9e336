"""State of a context as an object: every global of every module, by `module.name`.

In: a context. Out: values to read and set, snapshots, restores. Tensors are NumPy arrays, scalars numbers.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from typing import Any

from gossamer.errors import InvalidArgumentError, UnknownKeyError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.program_state.restore import restore
from gossamer.runtime.program_state.snapshot import OWN_TYPES, Snapshot, changing_globals
from gossamer.runtime.program_state.values import set_tensor, tensor_of
from gossamer.vm.link.context import Context
from gossamer.vm.link.module import GlobalAccess


class State(MutableMapping[str, Any]):
    """The globals of a context.

    Reading a tensor copies it; setting one copies what is given. What a program makes for its own use
    (devices, executables, command buffers) is left out.
    """

    def __init__(self, context: Context, allocator: Allocator) -> None:
        self._context = context
        self._allocator = allocator

    def __getitem__(self, name: str) -> Any:
        access = self._access(name)
        value = access.get()
        if isinstance(value, BufferView):
            return value.to_numpy().copy()
        if isinstance(value, Buffer):
            return (tensor_of(access, value) or value).to_numpy().copy()
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        access = self._access(name)
        if access.storage_type == "!hal.buffer":
            set_tensor(access, name, value, self._allocator)
            return
        if access.storage_type == "!hal.buffer_view" and not isinstance(value, BufferView):
            value = BufferView.from_numpy(value, self._allocator, copy=True)
        access.set(value)

    def __delitem__(self, name: str) -> None:
        raise InvalidArgumentError(f"global {name!r} belongs to its module and cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        for name, access in self._context.globals.items():
            if access.storage_type not in OWN_TYPES:
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return "State({" + ", ".join(f"{name!r}: {self.type(name)}" for name in self) + "})"

    def type(self, name: str) -> str:
        """Type of a global as its module declares it, such as `tensor<4xf32>`."""
        access = self._access(name)
        return access.type or access.storage_type

    def snapshot(self) -> Snapshot:
        """Copy the state of every module."""
        return Snapshot.take(self._context)

    def restore(self, snapshot: Snapshot, *, by_name: bool = False) -> None:
        """Put a snapshot of this context, or of another one of the same modules, back.

        Args:
            snapshot: may be restored again.
            by_name: take over globals of the same name and type where a module is of another version, and
                leave the others as they are; without it such a snapshot is refused.
        Raises: InvalidArgumentError when the modules differ, saying how. Nothing has changed then.
        """
        restore(self._context, snapshot, self._allocator, by_name=by_name)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state of every module to a file; constants stay in the modules' own files.

        A file that ends in `.safetensors` gets tensors and numbers by `module.global`, for other programs.

        Raises: InvalidArgumentError for state that cannot leave the process, or is no tensor where only they
            can be written; OSError.
        """
        # Why here: few programs save their state.
        from gossamer.runtime.program_state import file, tensor_file

        name = os.fspath(path)
        if name.endswith(tensor_file.SUFFIX):
            values = self._changing()
            tensor_file.write_tensors(name, values, self._context.globals)
        else:
            file.write_state(name, self.snapshot())

    def load(
        self, path: str | os.PathLike[str], *, by_name: bool = False, allow_pickle: bool = False
    ) -> None:
        """Restore what `save` wrote, perhaps in another process.

        Args:
            path: of the file; of one that ends in `.safetensors`, names, types and shapes must be those of
                this state.
            by_name: as `restore` has it.
            allow_pickle: read state of Python modules, which runs code that the file names; for files that
                are trusted.
        Raises: as `restore`; FormatError, PermissionDeniedError, OSError.
        """
        from gossamer.runtime.program_state import file, tensor_file

        name = os.fspath(path)
        if not name.endswith(tensor_file.SUFFIX):
            self.restore(file.read_state(name, allow_pickle=allow_pickle), by_name=by_name)
            return
        values = self._changing()
        loaded = tensor_file.read_tensors(name, values, self._context.globals, by_name=by_name)
        for key, value in loaded.items():
            self[key] = value

    def _changing(self) -> dict[str, Any]:
        """Values of all that is no constant, by name."""
        return {name: self[name] for name in changing_globals(self._context.globals)}

    def _access(self, name: str) -> GlobalAccess:
        access = self._context.globals.get(name)
        if access is None:
            known = ", ".join(self) or "none"
            raise UnknownKeyError(f"no global {name!r} in this context; it has {known}")
        return access
