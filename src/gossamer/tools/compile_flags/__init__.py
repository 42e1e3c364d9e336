"""Flags of `iree-compile`, read the way LLVM's command line library reads them.

In: argv. Out: `CompileOptions`, or an error that names the flag.
Next: `tools/iree_compile`. Mirrors what `iree-compile --help` shows.
"""
