"""Importing this puts Gossamer's runtime in its place, submodules included."""

import sys

from gossamer.runtime import iree_alias

# Why: what is in the table of modules when this ends is what the import gives.
del sys.modules[__name__]
iree_alias.install()
