"""Devices around devices: what sees, and may change, every operation of a program.

In: a device of any driver. Out: a device that passes operations on.
Next: nothing. A recorder or a timeline is a subclass of `WrappedDevice` that does more in some methods.
"""
