"""Files of the user's that save a process what an earlier one did: compiled code, translations.

In: contents under a key made of all they depend on. Out: the contents, as long as they are kept.
Next: `machine_code` and `compiler`. IREE has no counterpart.
"""
