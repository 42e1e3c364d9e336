"""Flags of the commands that run programs, as IREE's C tools have them.

In: argv. Out: values, or an error that names the flag.
Next: the commands in `tools`. Mirrors `iree/base/tooling/flags.h` and `iree/tooling`.
"""
