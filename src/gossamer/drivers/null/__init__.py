"""The driver `null`: a device that does all but the arithmetic.

In: programs for local devices. Out: their memory, fences and transfers as they should be; no kernel is run.
Next: nothing. Mirrors `iree/hal/drivers/null`, the skeleton to copy for a new driver, and goes further.
"""
