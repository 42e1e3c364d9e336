"""Numbers as registers hold them: integers of a width, floats of a precision.

In: Python numbers. Out: the same, wrapped or rounded to a type of the VM, or as bits.
Next: `vm/objects` stores them, `vm/semantics` computes with them.
"""
