"""What the library's own passes on StableHLO leave, or get wrong.

In: a module of StableHLO. Out: one that those passes lower to linalg with the right values.
Next: `input.conversions`.
Source: `compiler/plugins/input/StableHLO/Conversion` of IREE 3.13.0.
"""
