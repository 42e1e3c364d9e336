"""Calling convention strings."""

from __future__ import annotations

import pytest

from gossamer.abi.calling_convention import CallingConvention, Span, parse_calling_convention
from gossamer.errors import FormatError


@pytest.mark.parametrize(
    ("text", "convention"),
    [
        ("", CallingConvention((), "")),
        ("0v_v", CallingConvention((), "")),
        ("0_", CallingConvention((), "")),
        ("0", CallingConvention((), "")),
        ("0i", CallingConvention(("i",), "")),
        ("0iIfFr_rFfIi", CallingConvention(("i", "I", "f", "F", "r"), "rFfIi")),
        ("0CrD_v", CallingConvention((Span("r"),), "")),
        ("0rIiCiDCrIID_r", CallingConvention(("r", "I", "i", Span("i"), Span("rII")), "r")),
    ],
)
def test_parse(text: str, convention: CallingConvention) -> None:
    assert parse_calling_convention(text) == convention
    assert convention.is_variadic == ("C" in text)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("1v_v", 0),
        ("v_v", 0),
        ("0x_v", 1),
        ("0ix_v", 2),
        ("0i_x", 3),
        ("0i_CrD", 3),
        ("0CrCiDD_v", 1),
        ("0C_v", 1),
        ("0CD_v", 1),
        ("0iv_v", 2),
        ("0D_v", 1),
        ("0i_iv", 4),
    ],
)
def test_malformed_strings_are_refused(text: str, offset: int) -> None:
    with pytest.raises(FormatError) as caught:
        parse_calling_convention(text)

    assert caught.value.table == "calling convention"
    assert caught.value.offset == offset
