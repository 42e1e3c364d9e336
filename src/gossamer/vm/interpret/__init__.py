"""The reference interpreter: the definition of what bytecode means.

In: decoded functions, arguments. Out: results, one instruction after the other.
Next: translator and native code are tested against it. Mirrors `iree/vm/bytecode/dispatch.c`.
"""
