"""What this runtime is, under the names of IREE's `version` module."""

from importlib.metadata import version

PACKAGE_SUFFIX = ""
VERSION = version("gossamer")
REVISIONS = {"GOSSAMER": VERSION}
