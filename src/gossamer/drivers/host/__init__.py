"""Devices whose memory is the host's and whose work threads of this process do: what their drivers share.

In: operations with fences. Out: the same in order, run on some thread by what the driver hands in.
Next: `drivers/local` brings runners for this machine's CPU, `drivers/null` one that leaves kernels out.
Mirrors `iree/hal/utils/queue_emulation.h`.
"""
