"""What this process runs on, and with which LLVM, found out without asking LLVM.

In: what the system says. Out: names, counts, and words that tell machines apart.
Next: `machine_code` and `compiler`. Mirrors `iree/base/internal/cpu.c`.
"""
