"""The order of work: semaphores, fences, and work that waits for them.

In: payload values, failures. Out: waits that end, callbacks that run.
Next: queues of `hal` order operations by them. Mirrors `iree/hal/semaphore.h` and `fence.h`.
"""
