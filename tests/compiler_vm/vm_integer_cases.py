"""Integer operations with what they should compute."""

from __future__ import annotations

from collections.abc import Callable

from vm_scalar_cases import Case, signed, width_of


def integer_cases() -> list[Case]:
    """Arithmetic on each width, and conversions between widths."""
    cases = _cast_cases()
    for type in ("i1", "i8", "i16", "i32", "i64", "i4", "i24", "index"):
        cases += _integer_cases(type)
    return cases


def _integer_cases(type: str) -> list[Case]:
    width = width_of(type)
    mask = (1 << width) - 1
    s = lambda value: signed(value, width)  # noqa: E731

    def truncated(a: int, b: int) -> int:
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient

    def divisible(a: int, b: int) -> bool:
        return b != 0

    def divisible_signed(a: int, b: int) -> bool:
        return b != 0 and not (a == 1 << (width - 1) and b == mask)

    def in_range(a: int, b: int) -> bool:
        return b < width

    binary: dict[str, tuple[Callable[[int, int], int], Callable[..., bool] | None]] = {
        "addi": (lambda a, b: a + b, None),
        "subi": (lambda a, b: a - b, None),
        "muli": (lambda a, b: a * b, None),
        "andi": (lambda a, b: a & b, None),
        "ori": (lambda a, b: a | b, None),
        "xori": (lambda a, b: a ^ b, None),
        "divui": (lambda a, b: a // b, divisible),
        "remui": (lambda a, b: a % b, divisible),
        "ceildivui": (lambda a, b: -(-a // b), divisible),
        "divsi": (lambda a, b: truncated(s(a), s(b)), divisible_signed),
        "remsi": (lambda a, b: s(a) - s(b) * truncated(s(a), s(b)), divisible_signed),
        "ceildivsi": (lambda a, b: -(-s(a) // s(b)), divisible_signed),
        "floordivsi": (lambda a, b: s(a) // s(b), divisible_signed),
        "minui": (min, None),
        "maxui": (max, None),
        "minsi": (lambda a, b: min(s(a), s(b)), None),
        "maxsi": (lambda a, b: max(s(a), s(b)), None),
        "shli": (lambda a, b: a << b, in_range),
        "shrui": (lambda a, b: a >> b, in_range),
        "shrsi": (lambda a, b: s(a) >> b, in_range),
    }
    cases = [
        Case(
            f"{name}_{type}",
            (type, type),
            type,
            f"%r = arith.{name} %a, %b : {type}",
            expected,
            domain=domain,
        )
        for name, (expected, domain) in binary.items()
    ]
    compared: dict[str, Callable[[int, int], bool]] = {
        "eq": lambda a, b: a == b,
        "ne": lambda a, b: a != b,
        "slt": lambda a, b: s(a) < s(b),
        "sle": lambda a, b: s(a) <= s(b),
        "sgt": lambda a, b: s(a) > s(b),
        "sge": lambda a, b: s(a) >= s(b),
        "ult": lambda a, b: a < b,
        "ule": lambda a, b: a <= b,
        "ugt": lambda a, b: a > b,
        "uge": lambda a, b: a >= b,
    }
    cases += [
        Case(f"cmpi_{name}_{type}", (type, type), "i1", f"%r = arith.cmpi {name}, %a, %b : {type}", expected)
        for name, expected in compared.items()
    ]
    cases.append(
        Case(
            f"select_{type}",
            ("i1", type, type),
            type,
            f"%r = arith.select %a, %b, %c : {type}",
            lambda a, b, c: b if a else c,
        )
    )
    if type == "index":
        return cases + _index_cases(s, truncated)
    return cases + _counting_cases(type, s) + _extended_cases(type, s)


def _counting_cases(type: str, s: Callable[[int], int]) -> list[Case]:
    width = width_of(type)

    def trailing(a: int) -> int:
        return (a & -a).bit_length() - 1 if a else width

    def power(a: int, b: int) -> int | None:
        base, exponent = s(a), s(b)
        if exponent < 0:
            return {1: 1, -1: -1 if exponent % 2 else 1}.get(base, 0) if base else None
        return pow(base, exponent, 1 << width)

    unary = {
        "ctpop": lambda a: a.bit_count(),
        "ctlz": lambda a: width - a.bit_length(),
        "cttz": trailing,
        "absi": lambda a: abs(s(a)),
    }
    cases = [
        Case(f"{name}_{type}", (type,), type, f"%r = math.{name} %a : {type}", expected)
        for name, expected in unary.items()
    ]
    if width > 2:
        body = f"%r = math.ipowi %a, %b : {type}"
        cases.append(Case(f"ipowi_{type}", (type, type), type, body, power))
        body = f"%five = arith.constant 5 : {type}\n  %r = math.ipowi %a, %five : {type}"
        cases.append(Case(f"ipowi_constant_{type}", (type,), type, body, lambda a: s(a) ** 5))
    return cases


def _extended_cases(type: str, s: Callable[[int], int]) -> list[Case]:
    width = width_of(type)
    mask = (1 << width) - 1
    cases: list[Case] = []
    wide = {
        "addui_extended": (lambda a, b: a + b, f"{type}, i1"),
        "subui_extended": (lambda a, b: (a - b) & mask | (a < b) << width, f"{type}, i1"),
        "mului_extended": (lambda a, b: a * b, type),
        "mulsi_extended": (lambda a, b: s(a) * s(b), type),
    }
    for name, (expected, types) in wide.items():
        low = f"%r, %high = arith.{name} %a, %b : {types}"
        high = f"%low, %r = arith.{name} %a, %b : {types}"
        result = "i1" if "i1" in types.split(", ") else type
        cases.append(Case(f"{name}_low_{type}", (type, type), type, low, expected))
        cases.append(
            Case(
                f"{name}_high_{type}",
                (type, type),
                result,
                high,
                lambda a, b, expected=expected: expected(a, b) >> width,
            )
        )
    return cases


def _index_cases(s: Callable[[int], int], truncated: Callable[[int, int], int]) -> list[Case]:
    def case(name: str, expected: Callable[[int, int], int], needs_divisor: bool = False) -> Case:
        domain = (lambda a, b: s(b) not in (0, -1)) if needs_divisor else None
        body = f"%r = index.{name} %a, %b"
        return Case(f"index_{name}", ("index", "index"), "index", body, expected, domain=domain)

    compare = Case(
        "index_cmp_sge", ("index", "index"), "i1", "%r = index.cmp sge(%a, %b)", lambda a, b: s(a) >= s(b)
    )
    return [
        case("add", lambda a, b: a + b),
        case("mul", lambda a, b: a * b),
        case("maxs", lambda a, b: max(s(a), s(b))),
        case("minu", min),
        case("divs", lambda a, b: truncated(s(a), s(b)), True),
        case("remu", lambda a, b: a % b, True),
        case("floordivs", lambda a, b: s(a) // s(b), True),
        case("ceildivu", lambda a, b: -(-a // b), True),
        compare,
    ]


def _cast_cases() -> list[Case]:
    cases: list[Case] = []
    types = ("i1", "i8", "i16", "i32", "i64", "i4", "i24", "i48")
    for source in types:
        for target in types:
            low, high = width_of(source), width_of(target)

            def sign_extended(a: int, low: int = low) -> int:
                return signed(a, low)

            if low < high:
                extensions = {"extui": lambda a: a, "extsi": sign_extended}
            elif low > high:
                extensions = {"trunci": lambda a: a}
            else:
                continue
            for name, expected in extensions.items():
                body = f"%r = arith.{name} %a : {source} to {target}"
                cases.append(Case(f"{name}_{source}_{target}", (source,), target, body, expected))
    for source in ("i1", "i8", "i32", "i64"):
        low = width_of(source)
        for name, expected in {
            "index_cast": lambda a, low=low: signed(a, low),
            "index_castui": lambda a: a,
        }.items():
            body = f"%r = arith.{name} %a : {source} to index"
            cases.append(Case(f"{name}_{source}", (source,), "index", body, expected))
            body = f"%r = arith.{name} %a : index to {source}"
            cases.append(Case(f"{name}_to_{source}", ("index",), source, body, lambda a: a))
    return cases
