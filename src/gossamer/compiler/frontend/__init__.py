"""Frontends: from a source in any form to an MLIR module.

In: text, bytes or a model. Out: an MLIR module.
Next: `input` brings it into one form.
"""
