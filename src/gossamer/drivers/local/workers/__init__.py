"""Which processors there are and which of them workers run on.

In: options, what Linux says about the machine. Out: where each worker runs.
Next: `runner` starts the workers. Mirrors `iree/task/topology.h`.
"""
