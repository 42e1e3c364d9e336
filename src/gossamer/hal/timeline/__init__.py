"""The order of work: semaphores, fences, and work that waits for them.

A semaphore is a timeline: a value that only grows. A fence names a point of it, or points of several, and an
operation that waits for a fence starts when all of them are reached. What signals may come later than what
waits, in the same thread too:

    timeline     0 ------ 1 ------------ 2 -------- 3 ------>
                          |              |          |
    alloca       signals 1               |          |          queue_alloca(None, at 1)
    dispatch     waits for 1 --- signals 2          |          queue_execute(at 1, at 2)
    host         waits for 2, reads the result      |          fence(at 2).wait()
    dealloca     waits for 2 -------------- signals 3          queue_dealloca(at 2, at 3)

An operation that fails does not signal: it fails the timeline at its point. Values reached before stay so;
every wait for a later one, and every operation behind it, fails with the same error.

    timeline     0 ------ 1 --x failed by the dispatch
    host         waits for 2: raises the dispatch's error
    dealloca     does nothing, and fails its own timeline with that error

In: payload values, failures. Out: waits that end, callbacks that run.
Next: queues of `hal` order operations by them. Mirrors `iree/hal/semaphore.h` and `fence.h`.
"""
