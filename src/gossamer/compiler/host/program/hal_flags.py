"""What host programs ask of the HAL: combinations of its flags, as numbers for constants of programs."""

from __future__ import annotations

from gossamer.abi.command_flags import CommandBufferMode, CommandCategory, ExecutionStage
from gossamer.abi.memory_flags import BufferUsage, MemoryAccess, MemoryType

MEMORY_TYPE_DEVICE_VISIBLE = int(MemoryType.DEVICE_VISIBLE)
MEMORY_TYPE_DEVICE_LOCAL = int(MemoryType.DEVICE_LOCAL)
MEMORY_ACCESS_READ = int(MemoryAccess.READ)
BUFFER_USAGE_DEFAULT = int(BufferUsage.DEFAULT)
BUFFER_USAGE_CONSTANT = int(BufferUsage.DEFAULT | BufferUsage.SHARING_IMMUTABLE)
"""As the default, of contents that nobody changes."""

COMMAND_BUFFER_REUSABLE = 0
COMMAND_BUFFER_ONE_SHOT = int(CommandBufferMode.ONE_SHOT)
COMMAND_BUFFER_ONE_SHOT_INLINE = int(CommandBufferMode.ONE_SHOT | CommandBufferMode.ALLOW_INLINE_EXECUTION)
"""One shot, and the device may run commands while they are recorded."""
COMMAND_CATEGORIES = int(CommandCategory.ANY)

BARRIER_SOURCE_STAGES = int(ExecutionStage.DISPATCH | ExecutionStage.TRANSFER | ExecutionStage.COMMAND_RETIRE)
BARRIER_TARGET_STAGES = int(ExecutionStage.COMMAND_ISSUE | ExecutionStage.DISPATCH | ExecutionStage.TRANSFER)
