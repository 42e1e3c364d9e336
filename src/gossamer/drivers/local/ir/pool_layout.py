"""How a tile pool lies in memory.

It is one block of zeroed memory, 64 bytes a line so that words written by different threads do not share one:

      0 i64 control: epoch << 32 | open << 31 | users    64 i32 the runner sleeps until the users have left
    128 job: ptr function, environment, dispatch state; i64 tiles of a row, tiles of a plane, chunk
    176 i64 bytes of local memory of each participant   184 ptr local memory of all   192 i32 size of it
    256 i32 status of the first tile that failed        320 i32 sleeping workers
    384 i32 shut down   388 i32 participants   392 i32 more participants than processors
    448 i32 taken by a runner
    512 for each participant, 64 bytes: i64 next tile, i64 end of its range
"""

from __future__ import annotations

MAXIMUM_PARTICIPANTS = 64
SLEEPERS_OFFSET = 320
PARTICIPANTS_OFFSET = 388
CROWDED_OFFSET = 392
RANGES_OFFSET = 512
POOL_BYTES = RANGES_OFFSET + 64 * MAXIMUM_PARTICIPANTS
