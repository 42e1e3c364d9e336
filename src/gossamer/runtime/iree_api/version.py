"""What this runtime is, under the names of IREE's `version` module."""

from gossamer.versions import PACKAGE_VERSION

PACKAGE_SUFFIX = ""
VERSION = PACKAGE_VERSION
REVISIONS = {"GOSSAMER": VERSION}
