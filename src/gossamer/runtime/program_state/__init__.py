"""State of a program: the globals of every module of a context, read, set, copied, saved and put back.

In: a context. Out: a mapping by `module.global`, snapshots, files.
Next: `runtime/pipeline.py` shows it as `pipeline.state`.
"""
