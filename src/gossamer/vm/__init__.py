"""The virtual machine: link modules in a context, hold their state, run their functions.

In: module tables from `format`, bytecode decoded by `isa`, or modules written in Python.
Out: functions that Python can call, with values, `Buffer`s, `List`s and other refs as arguments.
Next: `modules` glues the VM to the HAL; `runtime` is the face users see. Mirrors `iree/vm` of IREE 3.13.0.
"""
