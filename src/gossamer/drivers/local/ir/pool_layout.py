"""How a tile pool lies in memory: one block of zeroed bytes, whose fields the IR names `$pool_<field>`.

Words that different threads write are on lines of 64 bytes of their own, so that no processor waits for a
line that another writes something else to. What only the runner writes while a job is closed shares lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class PoolField(NamedTuple):
    """A field.

    Attributes:
        offset: bytes from the pool's start.
        type: of LLVM.
    """

    offset: int
    type: str


MAXIMUM_PARTICIPANTS = 64
RANGE_BYTES = 64
"""For each participant, from `ranges` on: i64 next tile, i64 end of its range."""

POOL_FIELDS: Mapping[str, PoolField] = {
    # The state of the pool, see `pool_ir`: epoch << 32 | open << 31 | users.
    "control": PoolField(0, "i64"),
    "epoch": PoolField(4, "i32"),
    # 1 when the runner sleeps until the users have left.
    "waiting": PoolField(64, "i32"),
    # The job: a kernel and what it gets, then the tiles of a row, of a plane, and those drawn at a time.
    "function": PoolField(128, "ptr"),
    "environment": PoolField(136, "ptr"),
    "state": PoolField(144, "ptr"),
    "row": PoolField(152, "i64"),
    "plane": PoolField(160, "i64"),
    "chunk": PoolField(168, "i64"),
    # Bytes of local memory of each participant, where that of the first is, and bytes that kernels may use.
    "local_stride": PoolField(176, "i64"),
    "local_memory": PoolField(184, "ptr"),
    "local_size": PoolField(192, "i32"),
    # Of the first tile that failed, or 0.
    "status": PoolField(256, "i32"),
    # How many workers sleep.
    "sleepers": PoolField(320, "i32"),
    # 1 when workers are to return.
    "shutdown": PoolField(384, "i32"),
    # Written once, before workers start: threads that share jobs; 1 where they are more than processors.
    "participants": PoolField(388, "i32"),
    "crowded": PoolField(392, "i32"),
    # 1 while some runner has the pool.
    "taken": PoolField(448, "i32"),
    "ranges": PoolField(512, "i64"),
}

POOL_BYTES = POOL_FIELDS["ranges"].offset + RANGE_BYTES * MAXIMUM_PARTICIPANTS

POOL_OFFSETS = {f"pool_{name}": field.offset for name, field in POOL_FIELDS.items()}
"""For templates of IR."""
