"""Calls the module in C from Python: at once, later, and in a program of its own.

Usage: python call.py prepare.vmfb filter.so
"""

import sys

import numpy as np

import gossamer

prepare, library = sys.argv[1:]
filter_module = gossamer.load_native_module(library, window=2)
pipeline = gossamer.Pipeline([prepare, filter_module], device="local-sync")
values = np.array([1, 3, 5, 7], np.float32)

print("smooth:", pipeline.smooth(values))
print("smooth_later:", pipeline.smooth_later(values).result(timeout=60))

fork = pipeline.fork()
fork.smooth(values)
print("calls:", pipeline.calls(), fork.calls())
