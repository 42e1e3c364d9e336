"""What native code knows of a function before it is written: loops, intervals, which accesses need checks.

In: SSA functions. Out: plans: copies of loops, their conditions, loops interchanged.
Next: `vm/jit/emit` carries them out.
"""
