"""`iree-ir-tool`, and `python -m iree.compiler.tools.ir_tool`; `__main__` does it."""
