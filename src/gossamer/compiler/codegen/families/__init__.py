"""The few ways to compute a dispatch.

In: the root operation of a dispatch. Out: how its work is shared out, then the loops of one workgroup.
`registry.FAMILIES` lists them in the order they are asked; `points` is the fallback that serves nearly all.
"""
