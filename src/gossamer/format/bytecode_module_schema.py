"""Field ids of the FlatBuffer tables of a bytecode module; the reader and the writer share them.

A table's ids are the declaration order of its fields; names are those of the schema, in upper case.
Spec: `iree/schemas/bytecode_module_def.fbs` of IREE 3.13.0.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

FILE_IDENTIFIER = b"IREE"

FUNCTION_DESCRIPTOR = struct.Struct("<iiIhhhh")
"""Struct FunctionDescriptor, aligned to 4: bytecode offset and length, requirements, reserved, block count,
i32 and ref register counts."""

BYTECODE_LOCATION = struct.Struct("<ii")
"""Struct BytecodeLocationDef, aligned to 4: bytecode offset, index of a location."""


class Presence(IntFlag):
    """Flags of dependencies and imports; absent flags mean REQUIRED."""

    REQUIRED = 1
    OPTIONAL = 2


class LocationKind(IntEnum):
    """Members of the union of debug locations."""

    NONE = 0
    CALL_SITE = 1
    FILE_LINE_COL = 2
    FUSED = 3
    NAME = 4


class ModuleField(IntEnum):
    """Fields of BytecodeModuleDef, the root."""

    NAME = 0
    VERSION = 1
    REQUIREMENTS = 2
    ATTRS = 3
    TYPES = 4
    DEPENDENCIES = 5
    IMPORTED_FUNCTIONS = 6
    EXPORTED_FUNCTIONS = 7
    FUNCTION_SIGNATURES = 8
    RODATA_SEGMENTS = 9
    RWDATA_SEGMENTS = 10
    MODULE_STATE = 11
    FUNCTION_DESCRIPTORS = 12
    BYTECODE_VERSION = 13
    BYTECODE_DATA = 14
    DEBUG_DATABASE = 15


class AttrField(IntEnum):
    """Fields of AttrDef."""

    KEY = 0
    VALUE = 1


class TypeField(IntEnum):
    """Fields of TypeDef."""

    FULL_NAME = 0


class SignatureField(IntEnum):
    """Fields of FunctionSignatureDef."""

    CALLING_CONVENTION = 0
    ATTRS = 1


class DependencyField(IntEnum):
    """Fields of ModuleDependencyDef."""

    NAME = 0
    MINIMUM_VERSION = 1
    FLAGS = 2


class ImportField(IntEnum):
    """Fields of ImportFunctionDef."""

    FULL_NAME = 0
    SIGNATURE = 1
    FLAGS = 2


class ExportField(IntEnum):
    """Fields of ExportFunctionDef."""

    LOCAL_NAME = 0
    INTERNAL_ORDINAL = 1


class RodataField(IntEnum):
    """Fields of RodataSegmentDef; the compression union is never written."""

    COMPRESSION_TYPE_TYPE = 0
    COMPRESSION_TYPE = 1
    EMBEDDED_DATA = 2
    EXTERNAL_DATA_OFFSET = 3
    EXTERNAL_DATA_LENGTH = 4


class RwdataField(IntEnum):
    """Fields of RwdataSegmentDef."""

    BYTE_SIZE = 0


class StateField(IntEnum):
    """Fields of ModuleStateDef."""

    GLOBAL_BYTES_CAPACITY = 0
    GLOBAL_REF_COUNT = 1


class DebugField(IntEnum):
    """Fields of DebugDatabaseDef; the location table is a vector of unions: kinds, then offsets."""

    LOCATION_TABLE_TYPE = 0
    LOCATION_TABLE = 1
    FUNCTIONS = 2


class CallSiteField(IntEnum):
    """Fields of CallSiteLocDef."""

    CALLEE = 0
    CALLER = 1


class FileLineColField(IntEnum):
    """Fields of FileLineColLocDef."""

    FILENAME = 0
    LINE = 1
    COLUMN = 2


class FusedField(IntEnum):
    """Fields of FusedLocDef."""

    METADATA = 0
    LOCATIONS = 1


class NameField(IntEnum):
    """Fields of NameLocDef."""

    NAME = 0
    CHILD_LOCATION = 1


class SourceMapField(IntEnum):
    """Fields of FunctionSourceMapDef."""

    LOCAL_NAME = 0
    LOCATIONS = 1
