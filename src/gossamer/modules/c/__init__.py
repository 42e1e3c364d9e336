"""Modules written in C: shared objects built against `include/gossamer/module.h`.

In: a file and parameters. Out: a module as `vm.link.module` has it. `loading` opens the file, `descriptor`
reads and checks what it declares, `module` makes modules and states, `functions` calls into C, and `host` is
the table of functions that C calls. `modules/native.py` is something else: the system's own modules, written
in Python.
"""
