"""Devices, buffers and timelines under the names of IREE's binding.

In: calls as `iree.runtime` spells them. Out: `hal` objects behind classes of those names.
Next: `gossamer.runtime` exports them. Mirrors `runtime/bindings/python/hal.cc`.
"""
