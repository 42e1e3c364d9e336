"""Gossamer: programs made of several ML modules, compiled, linked and run."""
