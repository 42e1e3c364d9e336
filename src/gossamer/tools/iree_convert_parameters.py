"""`iree-convert-parameters`: makes one `.irpa` archive of parameter files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gossamer.format.parameters.entries import ParameterEntry, Splat
from gossamer.format.parameters.index_text import index_text
from gossamer.format.parameters.write_irpa import write_irpa
from gossamer.tools.flags.parameter import ParameterFlags, output_path
from gossamer.tools.flags.parameter_patterns import parse_typed_value
from gossamer.tools.flags.parser import Arguments, FlagSet

_PROGRAM = "iree-convert-parameters"

_FLAGS = FlagSet(
    _PROGRAM,
    """Makes one .irpa archive of the parameters in other files.
$ iree-convert-parameters --parameters=input.safetensors [--parameters=...] --output=output.irpa

Leaves one out, renames one, and makes a constant of one:
  iree-convert-parameters --parameters=a.gguf --parameters=b.safetensors \\
      --exclude=unused --rename=old=new --splat=bias=f32=0.5 --output=ab.irpa

Makes an archive without data, for tests of programs whose weights are elsewhere:
  iree-convert-parameters --parameters=input.irpa --strip --output=output.irpa
""",
)
_EXCLUDE = _FLAGS.strings("exclude", "A parameter to leave out.")
_RENAME = _FLAGS.strings("rename", "A parameter to give another name: `old=new`.")
_STRIP = _FLAGS.boolean("strip", False, "Makes zeros of all parameters; they take no room in the file.")
_SPLAT = _FLAGS.strings(
    "splat",
    "A parameter to make zeros of (`key`) or one value repeated (`key=f32=4.5`, `key=i8=123`).",
)
_QUIET = _FLAGS.boolean("quiet", False, "Does not list what was written.")
_OUTPUT = _FLAGS.string("output", "", "The .irpa file to write.")
_PARAMETERS = ParameterFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _convert)


def _convert(arguments: Arguments) -> None:
    output = output_path(arguments[_OUTPUT])
    sources = _PARAMETERS.indices(arguments).values()
    entries = (entry for index in sources for entry in index)
    written = write_irpa(_changed(entries, arguments), output)
    if not arguments[_QUIET]:
        sys.stdout.buffer.write(index_text(written).encode("utf-8", "surrogateescape"))


def _changed(entries: Iterable[ParameterEntry], arguments: Arguments) -> Iterator[ParameterEntry]:
    """Entries as the flags want them; all flags go by the old names, and the first for a name counts."""
    renamed = _by_key(arguments[_RENAME])
    splats = _by_key(arguments[_SPLAT])
    for entry in entries:
        if entry.key in arguments[_EXCLUDE]:
            continue
        key = renamed.get(entry.key, entry.key)
        storage = entry.storage
        # Why the new name: that is what IREE's tool compares.
        if key in splats:
            storage = Splat(parse_typed_value(splats[key]))
        elif arguments[_STRIP]:
            storage = Splat(b"\0")
        yield replace(entry, key=key, storage=storage)


def _by_key(flags: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for flag in flags:
        key, _, value = flag.partition("=")
        found.setdefault(key, value)
    return found


if __name__ == "__main__":
    sys.exit(main())
