"""The opcode table of VM bytecode 17.0: number, name and operands of each of the 262 operations.

Operands are written in a small notation, in stream order:

    i I f F     register of type i32, i64, f32, f64
    r m         ref register; `m` honours the move bit
    >x          the operand is a result
    #4 #8 #e #E immediate i32, i64, f32, f64, unaligned
    @g          global: byte offset of a value, or ordinal of a ref
    @d @f @t    ordinal of rodata, of a function (bit 31: import), of a type
    s           string: u16 length and bytes
    P           block: u32 offset in the function
    R           remap list: pairs of (source, target) registers, padded to an even offset
    [x]         register list of one type (`*`: any), padded to an even offset
    S           segment counts, laid out like a register list
    C           switch cases: u16 count, then that many block and remap list pairs

Spec: `iree/vm/bytecode/isa/isa.json` of IREE 3.13.0; every row was checked against its assembler and tools.
This file is a table: it may be longer than others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

REF_BIT = 0x8000
MOVE_BIT = 0x4000
REF_ORDINAL_MASK = 0x3FFF
IMPORT_BIT = 0x8000_0000
SEGMENT_NOT_VARIADIC = 0xFFFF


class OperandKind(Enum):
    """What an operand is and how its bytes read."""

    I32 = "i"
    I64 = "I"
    F32 = "f"
    F64 = "F"
    REF = "r"
    REF_MOVE = "m"
    IMMEDIATE_I32 = "#4"
    IMMEDIATE_I64 = "#8"
    IMMEDIATE_F32 = "#e"
    IMMEDIATE_F64 = "#E"
    GLOBAL = "@g"
    RODATA = "@d"
    FUNCTION = "@f"
    TYPE = "@t"
    STRING = "s"
    BLOCK = "P"
    REMAP = "R"
    REGISTERS = "[]"
    SEGMENTS = "S"
    CASES = "C"

    # Why: there is one object of each, and Enum's own hash is a Python function of the name.
    __hash__ = object.__hash__


VALUE_KINDS = frozenset({OperandKind.I32, OperandKind.I64, OperandKind.F32, OperandKind.F64})
REF_KINDS = frozenset({OperandKind.REF, OperandKind.REF_MOVE})
REGISTER_KINDS = VALUE_KINDS | REF_KINDS


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand of an operation.

    Attributes:
        kind: how it reads.
        is_result: the operation writes it.
        element: for REGISTERS, the kind of each register, or None where any bank is allowed.
    """

    kind: OperandKind
    is_result: bool = False
    element: OperandKind | None = None


class Extension(Enum):
    """Which opcode page an operation is on; the value is the prefix byte."""

    CORE = None
    F32 = 0xE0
    F64 = 0xE1

    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True, eq=False)
class Opcode:
    """One operation: `name` is without the `vm.` prefix, `number` is the byte after the prefix.

    There is one object of each, and no other is equal.
    """

    name: str
    number: int
    extension: Extension
    operands: tuple[Operand, ...]
    is_terminator: bool

    @property
    def results(self) -> tuple[Operand, ...]:
        """Operands that the operation writes, in stream order."""
        return tuple(operand for operand in self.operands if operand.is_result)


_CORE = """
00 global.load.i32            @g >i
01 global.store.i32           @g i
02 global.load.indirect.i32   i >i
03 global.store.indirect.i32  i i
04 global.load.i64            @g >I
05 global.store.i64           @g I
06 global.load.indirect.i64   i >I
07 global.store.indirect.i64  i I
08 global.load.ref            @g @t >m
09 global.store.ref           @g @t m
0A global.load.indirect.ref   i @t >m
0B global.store.indirect.ref  i @t m
0C const.i32.zero             >i
0D const.i32                  #4 >i
0E const.i64.zero             >I
0F const.i64                  #8 >I
10 const.ref.zero             >m
11 const.ref.rodata           @d >m
12 list.alloc                 @t i >m
13 list.reserve               r i
14 list.size                  r >i
15 list.resize                r i
16 list.get.i32               r i >i
17 list.set.i32               r i i
18 list.get.i64               r i >I
19 list.set.i64               r i I
1A list.get.ref               r i @t >m
1B list.set.ref               r i m
1C select.i32                 i i i >i
1D select.i64                 i I I >I
1E select.ref                 i @t m m >m
1F switch.i32                 i i [i] >i
20 switch.i64                 i I [I] >I
21 switch.ref                 i @t m [m] >m
22 add.i32                    i i >i
23 sub.i32                    i i >i
24 mul.i32                    i i >i
25 div.i32.s                  i i >i
26 div.i32.u                  i i >i
27 rem.i32.s                  i i >i
28 rem.i32.u                  i i >i
29 fma.i32                    i i i >i
2A add.i64                    I I >I
2B sub.i64                    I I >I
2C mul.i64                    I I >I
2D div.i64.s                  I I >I
2E div.i64.u                  I I >I
2F rem.i64.s                  I I >I
30 rem.i64.u                  I I >I
31 fma.i64                    I I I >I
32 not.i32                    i >i
33 and.i32                    i i >i
34 or.i32                     i i >i
35 xor.i32                    i i >i
36 not.i64                    I >I
37 and.i64                    I I >I
38 or.i64                     I I >I
39 xor.i64                    I I >I
3A shl.i32                    i i >i
3B shr.i32.s                  i i >i
3C shr.i32.u                  i i >i
3D shl.i64                    I i >I
3E shr.i64.s                  I i >I
3F shr.i64.u                  I i >I
40 trunc.i32.i8               i >i
41 trunc.i32.i16              i >i
42 trunc.i64.i32              I >i
43 ext.i8.i32.s               i >i
44 ext.i8.i32.u               i >i
45 ext.i16.i32.s              i >i
46 ext.i16.i32.u              i >i
47 ext.i32.i64.s              i >I
48 ext.i32.i64.u              i >I
49 cmp.eq.i32                 i i >i
4A cmp.ne.i32                 i i >i
4B cmp.lt.i32.s               i i >i
4C cmp.lt.i32.u               i i >i
4D cmp.nz.i32                 i >i
4E cmp.eq.i64                 I I >i
4F cmp.ne.i64                 I I >i
50 cmp.lt.i64.s               I I >i
51 cmp.lt.i64.u               I I >i
52 cmp.nz.i64                 I >i
53 cmp.eq.ref                 r r >i
54 cmp.ne.ref                 r r >i
55 cmp.nz.ref                 r >i
56 br                         P R
57 cond_br                    i P R P R
58 call                       @f [*] >[*]
59 call.variadic              @f S [*] >[*]
5A return                     [*]
5B fail                       i s
5C import.resolved            @f >i
5D yield                      P R
5E trace                      s [*]
5F print                      s [*]
60 cond_break                 i P R
61 break                      P R
62 buffer.load.i8.u           r I >i
63 buffer.load.i8.s           r I >i
64 buffer.load.i16.u          r I >i
65 buffer.load.i16.s          r I >i
66 buffer.load.i32            r I >i
67 buffer.load.i64            r I >I
68 buffer.store.i8            r I i
69 buffer.store.i16           r I i
6A buffer.store.i32           r I i
6B buffer.store.i64           r I I
6C buffer.alloc               I i >m
6D buffer.clone               r I I i >m
6E buffer.length              r >I
6F buffer.copy                r I r I I
70 buffer.compare             r I r I I >i
71 buffer.fill.i8             r I I i
72 buffer.fill.i16            r I I i
73 buffer.fill.i32            r I I i
74 buffer.fill.i64            r I I I
75 ctlz.i32                   i >i
76 ctlz.i64                   I >I
77 abs.i32                    i >i
78 abs.i64                    I >I
79 block
7A min.i32.s                  i i >i
7B min.i32.u                  i i >i
7C max.i32.s                  i i >i
7D max.i32.u                  i i >i
7E min.i64.s                  I I >I
7F min.i64.u                  I I >I
80 max.i64.s                  I I >I
81 max.i64.u                  I I >I
82 cast.any.ref               m @t >m
83 br_table                   i P R C
84 buffer.hash                r I I >I
85 discard.refs               [*]
86 assign.ref                 m >m
87 call.yieldable             @f [*] P >[*]
88 call.variadic.yieldable    @f S [*] P >[*]
"""

_F32 = """
00 global.load.f32            @g >f
01 global.store.f32           @g f
02 global.load.indirect.f32   i >f
03 global.store.indirect.f32  i f
04 const.f32.zero             >f
05 const.f32                  #e >f
06 list.get.f32               r i >f
07 list.set.f32               r i f
08 select.f32                 i f f >f
09 switch.f32                 i f [f] >f
0A add.f32                    f f >f
0B sub.f32                    f f >f
0C mul.f32                    f f >f
0D div.f32                    f f >f
0E rem.f32                    f f >f
0F fma.f32                    f f f >f
10 abs.f32                    f >f
11 neg.f32                    f >f
12 ceil.f32                   f >f
13 floor.f32                  f >f
14 cast.si32.f32              i >f
15 cast.ui32.f32              i >f
16 cast.f32.si32              f >i
17 cast.f32.ui32              f >i
18 bitcast.i32.f32            i >f
19 bitcast.f32.i32            f >i
1A atan.f32                   f >f
1B atan2.f32                  f f >f
1C cos.f32                    f >f
1D sin.f32                    f >f
1E exp.f32                    f >f
1F exp2.f32                   f >f
20 expm1.f32                  f >f
21 log.f32                    f >f
22 log10.f32                  f >f
23 log1p.f32                  f >f
24 log2.f32                   f >f
25 pow.f32                    f f >f
26 rsqrt.f32                  f >f
27 sqrt.f32                   f >f
28 tanh.f32                   f >f
29 erf.f32                    f >f
2A cmp.eq.f32.o               f f >i
2B cmp.eq.f32.u               f f >i
2C cmp.ne.f32.o               f f >i
2D cmp.ne.f32.u               f f >i
2E cmp.lt.f32.o               f f >i
2F cmp.lt.f32.u               f f >i
30 cmp.lte.f32.o              f f >i
31 cmp.lte.f32.u              f f >i
32 cmp.nan.f32                f >i
33 buffer.load.f32            r I >f
34 buffer.store.f32           r I f
35 buffer.fill.f32            r I I f
36 round.f32                  f >f
37 min.f32                    f f >f
38 max.f32                    f f >f
39 round.f32.even             f >f
3A cast.f32.si64              f >I
3B cast.f32.ui64              f >I
3C cast.si64.f32              I >f
3D cast.ui64.f32              I >f
"""

_F64 = """
00 global.load.f64            @g >F
01 global.store.f64           @g F
02 global.load.indirect.f64   i >F
03 global.store.indirect.f64  i F
04 const.f64.zero             >F
05 const.f64                  #E >F
06 list.get.f64               r i >F
07 list.set.f64               r i F
08 select.f64                 i F F >F
09 switch.f64                 i F [F] >F
0A add.f64                    F F >F
0B sub.f64                    F F >F
0C mul.f64                    F F >F
0D div.f64                    F F >F
0E rem.f64                    F F >F
0F fma.f64                    F F F >F
10 abs.f64                    F >F
11 neg.f64                    F >F
12 ceil.f64                   F >F
13 floor.f64                  F >F
14 trunc.f64.f32              F >f
15 ext.f32.f64                f >F
16 cast.si32.f64              i >F
17 cast.ui32.f64              i >F
18 cast.f64.si32              F >i
19 cast.f64.ui32              F >i
1A cast.si64.f64              I >F
1B cast.ui64.f64              I >F
1C cast.f64.si64              F >I
1D cast.f64.ui64              F >I
1E bitcast.i64.f64            I >F
1F bitcast.f64.i64            F >I
20 atan.f64                   F >F
21 atan2.f64                  F F >F
22 cos.f64                    F >F
23 sin.f64                    F >F
24 exp.f64                    F >F
25 exp2.f64                   F >F
26 expm1.f64                  F >F
27 log.f64                    F >F
28 log10.f64                  F >F
29 log1p.f64                  F >F
2A log2.f64                   F >F
2B pow.f64                    F F >F
2C rsqrt.f64                  F >F
2D sqrt.f64                   F >F
2E tanh.f64                   F >F
2F erf.f64                    F >F
30 cmp.eq.f64.o               F F >i
31 cmp.eq.f64.u               F F >i
32 cmp.ne.f64.o               F F >i
33 cmp.ne.f64.u               F F >i
34 cmp.lt.f64.o               F F >i
35 cmp.lt.f64.u               F F >i
36 cmp.lte.f64.o              F F >i
37 cmp.lte.f64.u              F F >i
38 cmp.nan.f64                F >i
39 buffer.load.f64            r I >F
3A buffer.store.f64           r I F
3B buffer.fill.f64            r I I F
3C round.f64                  F >F
3D min.f64                    F F >F
3E max.f64                    F F >F
3F round.f64.even             F >F
"""

_TERMINATORS = frozenset(
    {
        "br",
        "cond_br",
        "br_table",
        "return",
        "fail",
        "yield",
        "break",
        "cond_break",
        "call.yieldable",
        "call.variadic.yieldable",
    }
)


def _parse_operand(text: str) -> Operand:
    is_result = text.startswith(">")
    text = text.removeprefix(">")
    if text.startswith("["):
        element = None if text == "[*]" else OperandKind(text[1:-1])
        return Operand(OperandKind.REGISTERS, is_result, element)
    return Operand(OperandKind(text), is_result)


@cache
def _parsed_operands(text: str) -> tuple[Operand, ...]:
    return tuple(_parse_operand(token) for token in text.split())


def _parse_page(page: str, extension: Extension) -> tuple[Opcode, ...]:
    opcodes: list[Opcode] = []
    for line in page.strip().splitlines():
        number, name, *operands = line.split(None, 2)
        parsed = _parsed_operands(operands[0].rstrip() if operands else "")
        opcodes.append(Opcode(name, int(number, 16), extension, parsed, name in _TERMINATORS))
    return tuple(opcodes)


OPCODES: tuple[Opcode, ...] = (
    *_parse_page(_CORE, Extension.CORE),
    *_parse_page(_F32, Extension.F32),
    *_parse_page(_F64, Extension.F64),
)
"""All operations: core page first, then F32, then F64, each by number."""

OPCODES_BY_NAME: dict[str, Opcode] = {opcode.name: opcode for opcode in OPCODES}
OPCODES_BY_NUMBER: dict[tuple[Extension, int], Opcode] = {
    (opcode.extension, opcode.number): opcode for opcode in OPCODES
}
EXTENSIONS_BY_PREFIX: dict[int, Extension] = {0xE0: Extension.F32, 0xE1: Extension.F64}
BLOCK_OPCODE = OPCODES_BY_NAME["block"]
