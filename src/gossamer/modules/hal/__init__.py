"""The system module `hal` and its relatives for inline execution: VM calls become HAL operations.

In: calls of `hal.*`, `hal_inline.*`, `hal_loader.*` from programs. Out: work on devices, refs to HAL objects.
Next: `hal` does the work. Mirrors `iree/modules/hal`.
"""
