"""Values that VM programs handle by reference: buffers, lists, and types of refs.

In: bytes, values. Out: objects that count what they use and refuse what does not fit.
Next: `vm/semantics` operates on them. Mirrors `iree/vm/buffer.h`, `list.h`, `ref.h`.
"""
