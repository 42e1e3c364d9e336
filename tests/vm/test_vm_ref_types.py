"""Ref type names and the classes behind them."""

import pytest

from gossamer.errors import FormatError, InvalidArgumentError
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List
from gossamer.vm.objects.ref_types import copy_ref, ref_type, ref_type_name, register_ref_type


class Thing:
    """A ref of a test."""


class OtherThing:
    """Another one."""


def test_own_types_are_registered() -> None:
    assert ref_type("!vm.buffer").accepts(Buffer.allocate(1))
    assert ref_type("!vm.list<i32>") is ref_type("!vm.list")
    assert not ref_type("!vm.list").accepts(Buffer.allocate(1))
    assert ref_type_name(List("i32")) == "!vm.list"


def test_null_is_of_every_type() -> None:
    assert ref_type("!vm.buffer").accepts(None)
    assert ref_type("!vm.buffer").check(None) is None
    assert ref_type_name(None) == "null"


def test_a_name_may_be_known_before_its_class() -> None:
    event = ref_type("!hal.event")
    thing = Thing()

    assert not event.accepts(thing)
    with pytest.raises(InvalidArgumentError, match=r"expected !hal\.event, found Thing"):
        event.check(thing)


def test_registered_classes_are_accepted_and_add_up() -> None:
    made = register_ref_type("!test.thing", Thing)
    register_ref_type("!test.thing", OtherThing)

    assert ref_type("!test.thing") is made
    assert made.accepts(Thing())
    assert made.check(OtherThing())
    assert ref_type_name(Thing()) == "!test.thing"


@pytest.mark.parametrize("name", ["i1", "f16", "bf16", "!vm.ref<?>", "?", "!nobody.knows", ""])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(FormatError):
        ref_type(name)


def test_names_start_with_an_exclamation_mark() -> None:
    with pytest.raises(InvalidArgumentError):
        register_ref_type("test.thing", Thing)


def test_refs_without_contents_are_shared_by_copies() -> None:
    thing = Thing()
    assert copy_ref(thing, {}) is thing
