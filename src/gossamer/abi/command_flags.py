"""Modes of command buffers and categories of commands: bit sets, as programs carry them.

Spec: `iree/hal/command_buffer.h` of IREE 3.13.0. Names are IREE's, without its prefixes.
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
