"""Module kinds and system modules: what joins the VM and the HAL.

In: VM calls in the callable ABI. Out: HAL operations, or calls of Python methods.
Next: `runtime` puts them together.
Mirrors `iree/modules` and `iree/hal/local/loaders`.
"""
