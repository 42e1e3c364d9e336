"""Frontends: from a source in any form to an MLIR module and the parameters it loads.

In: text, bytes or a model. Out: a `LoadedProgram`.
Next: `input` brings it into one form. `registry` finds the frontend of a source; each has its own folder.
"""

from gossamer.compiler.frontend.frontend import Frontend, LoadedProgram
from gossamer.compiler.frontend.nested_modules import split_modules
from gossamer.compiler.frontend.registry import find_frontend, load, register_frontend

__all__ = ["Frontend", "LoadedProgram", "find_frontend", "load", "register_frontend", "split_modules"]
