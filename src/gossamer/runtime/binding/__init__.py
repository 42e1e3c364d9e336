"""IREE's Python runtime API: the names and signatures of `iree.runtime`, over Gossamer's own objects.

In: code written for `iree.runtime`. Out: what it expects back. `gossamer.runtime` exports these names.
Mirrors `runtime/bindings/python` of IREE 3.13.0. Where the reference raises ValueError, IndexError or
RuntimeError, so does this: every error class of `gossamer.errors` is one of them too.
"""
