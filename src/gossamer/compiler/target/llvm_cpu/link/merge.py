"""Several objects as one: what one refers to and another defines is found."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.errors import InternalError
from gossamer.format.elf_object import ElfObject, ElfSection, ObjectRelocation, ObjectSymbol


def merge_objects(objects: Sequence[ElfObject]) -> ElfObject:
    """One object with the sections of all; where several define a global symbol, the first does.

    Raises: InternalError where they are for different machines.
    """
    sections: list[ElfSection] = []
    symbols: list[ObjectSymbol] = []
    relocations: list[ObjectRelocation] = []
    for each in objects:
        if each.machine != objects[0].machine:
            raise InternalError(f"objects of machines {each.machine} and {objects[0].machine} are not linked")
        base = len(sections)
        sections.extend(each.sections)
        symbols.extend(_moved(symbol, base) for symbol in each.symbols)
        relocations.extend(
            relocation._replace(section=relocation.section + base, symbol=_moved(relocation.symbol, base))
            for relocation in each.relocations
        )
    defined: dict[str, ObjectSymbol] = {}
    for symbol in symbols:
        if symbol.is_global and symbol.section:
            defined.setdefault(symbol.name, symbol)
    found = tuple(
        relocation._replace(symbol=defined.get(relocation.symbol.name, relocation.symbol))
        if not relocation.symbol.section
        else relocation
        for relocation in relocations
    )
    return ElfObject(objects[0].machine, tuple(sections), tuple(symbols), found)


def _moved(symbol: ObjectSymbol, base: int) -> ObjectSymbol:
    return symbol._replace(section=symbol.section + base) if symbol.section else symbol
