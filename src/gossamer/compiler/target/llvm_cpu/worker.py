"""A process that compiles LLVM IR: what a pool of workers is made of.

Requests and answers are pickled, each after its length as a u64. A request is the name of a function of
`llvm`, and its arguments; the answer is what it returns, or a RuntimeError that it raises.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from collections.abc import Sequence
from typing import IO, cast

LENGTH = struct.Struct("<Q")


def write_message(stream: IO[bytes], message: object) -> None:
    """Send something."""
    encoded = pickle.dumps(message)
    stream.write(LENGTH.pack(len(encoded)) + encoded)
    stream.flush()


def read_message(stream: IO[bytes]) -> object:
    """Receive something.

    Raises: EOFError where the other side is gone.
    """
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(header)
    encoded = stream.read(length)
    if len(encoded) < length:
        raise EOFError
    # Safety: the other end of the pipe is this process's parent or child, of the same package.
    return pickle.loads(encoded)


def main(options: Sequence[str]) -> None:
    """Answer requests until there are no more.

    Args:
        options: flags of LLVM's own; where it says something against them, the process ends.
    """
    from gossamer.compiler.target.llvm_cpu import llvm

    llvm.set_options(options)
    # Why so: LLVM only says what is wrong, and stderr is a file of this process alone.
    if options and os.fstat(sys.stderr.fileno()).st_size:
        sys.exit(1)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            request = read_message(requests)
        except EOFError:
            return
        name, *arguments = cast("tuple[str, ...]", request)
        answer: object
        try:
            answer = getattr(llvm, name)(*arguments)
        except RuntimeError as error:
            answer = error
        write_message(answers, answer)
