"""Functions that compute, as native code.

In: decoded and verified functions without calls to imports. Out: addresses of native functions, cached on
disk as objects. Next: `modules` runs the kernels of VMVX executables by address; `vm.translate` hands over
loops of ordinary functions. What cannot be compiled keeps running as Python.
"""
