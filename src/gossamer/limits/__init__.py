"""Limits of calls: time, steps, depth, memory; and their cancellation.

Below `vm` and `hal`, which both ask for the scope of the calls that they run.
"""
