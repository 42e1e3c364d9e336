"""Host programs as typed data: steps, what they handle, and their text.

In: nothing. Out: the classes that scheduling fills and lowering reads.
Next: `host/schedule` makes them. Mirrors the stream dialect.
"""
