"""Modules written in Python: a class with annotated methods that programs call, and that call programs.

In: a class, its annotations. Out: a `vm` module like any other.
Next: `vm/link` joins it to the others. Mirrors `PyModuleInterface` of IREE's binding in purpose.
"""
