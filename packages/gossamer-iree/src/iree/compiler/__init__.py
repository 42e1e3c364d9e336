"""Importing this puts Gossamer's compiler in its place, submodules included."""

import sys

from gossamer.tools.iree_api import alias

# Why: what is in the table of modules when this ends is what the import gives.
del sys.modules[__name__]
alias.install()
