"""Where a module in C is and what it is made with: `libfoo.so?key=value&other=value`.

`libfoo.so@gossamer_symbol?key=value` names one module of a file of several, as IREE's tools do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.errors import InvalidArgumentError

QUERY_SYMBOL = "gossamer_module_query"
QUERY_PREFIX = "gossamer_"
"""Names of query functions start with this."""

_LOCATION = re.compile(
    r"(?P<path>.*\.(?:so|dylib|dll))(?:@(?P<symbol>[^?]*))?(?:\?(?P<parameters>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Location:
    """What `--module=` says about a module in C."""

    path: str
    symbol: str
    parameters: Mapping[str, str]


def parse_location(text: str) -> Location | None:
    """Read `path[@symbol][?key=value&...]`; None where the path is not that of a shared object.

    Raises: InvalidArgumentError for parameters that are not `key=value`, or a key given twice.
    """
    match = _LOCATION.fullmatch(text)
    if match is None:
        return None
    parameters: dict[str, str] = {}
    for pair in filter(None, (match["parameters"] or "").split("&")):
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise InvalidArgumentError(f"module '{text}': parameter '{pair}' is not of the form key=value")
        if key in parameters:
            raise InvalidArgumentError(f"module '{text}': parameter '{key}' is given twice")
        parameters[key] = value
    return Location(match["path"], match["symbol"] or QUERY_SYMBOL, parameters)
