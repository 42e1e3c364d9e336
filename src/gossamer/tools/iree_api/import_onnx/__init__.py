"""`iree-import-onnx`, and `python -m iree.compiler.tools.import_onnx`; `__main__` does it."""
