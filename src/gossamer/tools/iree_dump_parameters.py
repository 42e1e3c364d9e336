"""`iree-dump-parameters`: lists what is in parameter files, and writes parameters out as they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gossamer.errors import FailedPreconditionError, InvalidArgumentError
from gossamer.format.parameters.entries import FileRange
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.index_text import index_text
from gossamer.format.whole_file import write_whole
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS
from gossamer.tools.flags.module import annotated
from gossamer.tools.flags.parameter import ParameterFlags
from gossamer.tools.flags.parser import Arguments, FlagSet

_PROGRAM = "iree-dump-parameters"

_FLAGS = FlagSet(
    _PROGRAM,
    """Lists the parameters of files: where they start and end, how long they are, their keys.
$ iree-dump-parameters --parameters=[scope=]file.irpa [--parameters=...]

Writes the bytes of one to a file:
  iree-dump-parameters --parameters=model=file.irpa --extract=model::weight=weight.bin
""",
)
_EXTRACT = _FLAGS.strings("extract", "A parameter to write to a file: `[scope::]key=file.bin`.")
_PARAMETERS = ParameterFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _dump)


def _dump(arguments: Arguments) -> int:
    if arguments.positional:
        print("Error: no positional arguments expected.", file=sys.stderr)
        print(f"{_PROGRAM}: name files as --parameters=file.irpa", file=sys.stderr)
        return EXIT_FAILURE
    indices = _PARAMETERS.indices(arguments)
    text = "".join(index_text(index, scope) for scope, index in indices.items())
    # Why: keys are bytes that need not be UTF-8, and come out as they went in.
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
    for flag in arguments[_EXTRACT]:
        with annotated(f"extracting parameter with flag `{flag}`"):
            _extract(indices, flag)
    return EXIT_SUCCESS


def _extract(indices: dict[str, ParameterIndex], flag: str) -> None:
    name, _, path = flag.partition("=")
    if not path:
        raise InvalidArgumentError("expected [scope::]key=file.bin")
    left, separator, right = name.partition("::")
    scope, key = (left, right) if separator else ("", left)
    entry = indices.get(scope, ParameterIndex())[key]
    print(f"Extracting parameter `{name}` ({entry.length}b) to `{path}`...", flush=True)
    if not isinstance(entry.storage, FileRange):
        raise FailedPreconditionError("cannot extract a splat: it has no bytes in the file")
    write_whole(path, entry.contents())


if __name__ == "__main__":
    sys.exit(main())
