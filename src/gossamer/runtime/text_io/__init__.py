"""Values as text: what `--input=`, `--output=` and `--expected_output=` say, and what tools print.

In: flag values and a calling convention. Out: VM values, and text back. Next: `tools` prints it.
Mirrors `iree/tooling/function_io.c` and `iree/hal/string_util.c`.
"""
