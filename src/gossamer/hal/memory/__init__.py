"""Memory of devices: buffers, where they come from, and how tensors are seen in them.

In: sizes, types, host memory, files. Out: buffers and buffer views.
Next: `hal/command` names ranges of them. Mirrors `iree/hal/buffer.h`, `allocator.h`, `buffer_view.h`.
"""
