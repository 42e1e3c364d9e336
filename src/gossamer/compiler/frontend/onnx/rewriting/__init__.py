"""Writes operators in terms of others, where the importer's lowerings lack them or compute something else.

In: a graph with the types of its values. Out: the same graph, one node in place of another or many. A file
holds a family of operators; `table` says which is whose, `rewrite` walks the graph.
"""
