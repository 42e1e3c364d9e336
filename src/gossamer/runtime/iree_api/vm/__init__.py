"""Contexts, modules and values of the VM under the names of IREE's binding.

In: calls as `iree.runtime` spells them. Out: `vm` objects behind classes of those names.
Next: `gossamer.runtime` exports them. Mirrors `runtime/bindings/python/vm.cc`.
"""
