"""Two contexts of one loaded program: each has state of its own.

Usage: python contexts.py counter.vmfb monitor.vmfb
"""

import sys

import numpy as np

import gossamer

counter, monitor = (gossamer.load_module(path) for path in sys.argv[1:])
first = gossamer.Pipeline([counter, monitor], device="local-sync")
second = gossamer.Pipeline([counter, monitor], device="local-sync")

for step in range(1, 4):
    value = np.full(4, step, np.float32)
    print(f"first.mean({step}) = {first.mean(value)}   second.mean({10 * step}) = {second.mean(10 * value)}")
print("counts:", first.modules["counter"].count(), second.modules["counter"].count())
