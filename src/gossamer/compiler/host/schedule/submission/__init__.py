"""Device work of one submission: gathered, ordered into waves, laid out in memory.

In: commands and what they touch. Out: regions with memory and moments.
Next: the scheduler appends them as steps.
"""
