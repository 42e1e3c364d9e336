"""`--instrument_file=`: what programs compiled with instruments have recorded.

A module with instruments exports `__query_instruments`, which appends buffers to a list it is given.
"""

from __future__ import annotations

from gossamer.errors import InvalidArgumentError
from gossamer.format.whole_file import write_whole
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.vm.link.context import Context
from gossamer.vm.objects.buffer import Buffer as HostBuffer
from gossamer.vm.objects.list import List

_QUERY = "__query_instruments"


def write_instrument_data(path: str, context: Context) -> None:
    """Write the data of every module of a context to a file, empty where there is none.

    Raises: InvalidArgumentError where the file cannot be written, what the query raises.
    """
    data = b""
    for module in context.modules:
        if _QUERY in module.exports:
            found = List("!vm.opaque")
            context.lookup(f"{module.name}.{_QUERY}")(found)
            data += b"".join(map(_contents, found))
    try:
        write_whole(path, data)
    except OSError as error:
        raise InvalidArgumentError(
            f"failed to open instrument file '{path}' for writing: {error.strerror}"
        ) from None


def _contents(item: object) -> bytes:
    if isinstance(item, BufferView):
        return bytes(item.buffer.map())
    if isinstance(item, HostBuffer):
        return bytes(item.data)
    raise InvalidArgumentError("instruments gave what is neither a buffer nor a buffer view")
