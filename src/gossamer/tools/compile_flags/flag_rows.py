"""What the tables of flags are made with: headings of `--help`, and flags that take one of several values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from gossamer.tools.compile_flags.parser import Flag

EnumType = TypeVar("EnumType", bound=Enum)

GENERAL_GROUP = "General options"
FLOW_GROUP = "Debugging of dispatches"
HAL_GROUP = "IREE HAL executable target options"
LLVMCPU_GROUP = "IREE LLVMCPU target options"
INPUT_GROUP = "IREE options for controlling the input transformations to apply"
MAIN_GROUP = "IREE Main Options"
PARAMETER_GROUP = "IREE parameter options"
PIPELINE_GROUP = "IREE global pipeline options controlling the entire compilation flow"
VM_GROUP = "IREE VM bytecode options"


def choice_flag(name: str, help: str, texts: Mapping[EnumType, str], group: str, metavar: str) -> Flag:
    """A flag whose values are those of an enumeration, each with its help."""
    choices = {str(value.value): text for value, text in texts.items()}
    return Flag(name, help, group, metavar, choices, type(next(iter(texts))))
