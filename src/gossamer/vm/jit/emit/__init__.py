"""From analysed functions to the text of LLVM modules.

In: SSA functions, plans of loops. Out: text of LLVM IR with entries that Python or the runner calls.
Next: `machine_code` compiles it.
"""
