"""Names of the types of refs that both sides spell.

Spec: `iree/hal/*.h` and `iree/vm/*.h` of IREE 3.13.0.
"""

from __future__ import annotations

ALLOCATOR = "!hal.allocator"
BUFFER = "!hal.buffer"
BUFFER_VIEW = "!hal.buffer_view"
CHANNEL = "!hal.channel"
COMMAND_BUFFER = "!hal.command_buffer"
DEVICE = "!hal.device"
EXECUTABLE = "!hal.executable"
FENCE = "!hal.fence"
FILE = "!hal.file"
SEMAPHORE = "!hal.semaphore"
