"""Types of the root of the MLIR bindings, as far as used."""

class _Globals:
    dialect_search_modules: list[str]

globals: _Globals
