"""Modes of command buffers, categories of commands, stages of barriers, queues: as programs carry them.

Spec: `iree/hal/command_buffer.h` and `iree/hal/queue.h` of IREE 3.13.0. Names are IREE's, without its
prefixes.
"""

from __future__ import annotations

from enum import IntFlag


class CommandBufferMode(IntFlag):
    """How a command buffer will be used; 0 is reusable."""

    ONE_SHOT = 0x1
    ALLOW_INLINE_EXECUTION = 0x10
    UNVALIDATED = 0x20
    UNRETAINED = 0x40


class CommandCategory(IntFlag):
    """Kinds of commands a command buffer may hold."""

    TRANSFER = 0x1
    DISPATCH = 0x2
    ANY = 0x3


class ExecutionStage(IntFlag):
    """Steps of a command's life that barriers order."""

    COMMAND_ISSUE = 0x1
    COMMAND_PROCESS = 0x2
    DISPATCH = 0x4
    TRANSFER = 0x8
    COMMAND_RETIRE = 0x10
    HOST = 0x20


ANY_QUEUE = -1
"""Queue affinity: whichever queue the device likes."""

WAIT_FOREVER = -1
"""A timeout that never comes."""
