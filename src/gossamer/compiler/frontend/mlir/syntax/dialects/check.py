"""The check dialect: assertions of tests."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import same_type
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table

_TOLERANCES = "( ',' [ 'atol' $atol:f32 | 'rtol' $rtol:f32 ] )*"

FORMATS = format_table(
    OperationFormat("check.expect_true", "'(' %operand ')' attr-dict ':' type(operand)"),
    OperationFormat("check.expect_false", "'(' %operand ')' attr-dict ':' type(operand)"),
    OperationFormat(
        "check.expect_all_true", "( '<' %device '>' )? '(' %operand ')' attr-dict ':' type(operand)"
    ),
    *(
        OperationFormat(
            name,
            f"( '<' %device '>' )? '(' %lhs ',' %rhs {_TOLERANCES} ')' attr-dict ':' type(lhs)",
            adjust=same_type("rhs", "lhs"),
        )
        for name in ("check.expect_eq", "check.expect_almost_eq")
    ),
    *(
        OperationFormat(
            name,
            f"( '<' %device '>' )? '(' %lhs ',' $value:attr {_TOLERANCES} ')' attr-dict ':' type(lhs)",
        )
        for name in ("check.expect_eq_const", "check.expect_almost_eq_const")
    ),
)
