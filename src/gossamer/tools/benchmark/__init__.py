"""Measures functions and prints what it found as Google Benchmark does.

In: benchmarks: functions that do so many iterations and say how long it took. Out: text, JSON or CSV.
"""
