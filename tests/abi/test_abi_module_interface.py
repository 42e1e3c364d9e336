"""Modules that every runtime brings, as both sides see them."""

from __future__ import annotations

from gossamer.abi import hal_functions as hal
from gossamer.abi.inline_functions import HAL_INLINE
from gossamer.abi.module_interface import ModuleFunction


def test_a_function_is_imported_by_its_full_name() -> None:
    assert hal.BUFFER_LOAD.full_name == "hal.buffer.load"
    assert hal.HAL.functions["buffer.load"] is hal.BUFFER_LOAD


def test_each_result_has_a_type_of_ref_or_none() -> None:
    assert hal.FENCE_SIGNAL.result_ref_types == ()
    assert hal.DEVICE_QUERY_I64.result_ref_types == ("", "")
    assert hal.ALLOCATOR_SELECT.result_ref_types == ("!hal.device", "")
    assert ModuleFunction("m", "f", "0v_rIr", ("!a", "!b")).result_ref_types == ("!a", "", "!b")


def test_views_are_the_same_in_programs_for_inline_execution() -> None:
    inline = HAL_INLINE.functions["buffer_view.create"]
    assert inline.calling_convention == hal.BUFFER_VIEW_CREATE.calling_convention
    assert inline.full_name == "hal_inline.buffer_view.create"


def test_every_ref_of_a_result_of_hal_has_its_type() -> None:
    for function in hal.HAL.functions.values():
        assert len(function.ref_types) == function.calling_convention.partition("_")[2].count("r")
