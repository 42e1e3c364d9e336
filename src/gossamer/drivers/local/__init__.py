"""Devices that are this machine's CPU: `local-sync` runs in the caller, `local-task` on workers.

In: a finalized command buffer's records. Out: memory changed, or the failed record and its status.
Next: nothing, this is where work is done. `runner` is the native loop, `ir` its text.
Mirrors `iree/hal/local` and `iree/hal/drivers/local_*`.
"""
