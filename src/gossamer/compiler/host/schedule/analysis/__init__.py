"""Facts about host functions that scheduling asks for: sharing of bytes, lifetimes, state written in place.

In: host functions in MLIR. Out: answers by value or operation.
Next: the scheduler. Mirrors `iree/compiler/Dialect/Stream/Analysis`.
"""
