"""Commands: one file each; argv in, exit code out, no logic of their own.

In: command lines with IREE's flags. Out: IREE's text on stdout, messages on stderr.
Mirrors `tools/iree-*-main.c`.
"""
