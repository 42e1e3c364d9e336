"""Drivers: the kinds of devices there are, each a folder of its own behind the interface of `hal`.

In: commands recorded through `hal`, executables. Out: memory changed, timelines advanced.
Next: `runtime` makes devices by URI through `registry`. Mirrors `iree/hal/drivers`.
"""
