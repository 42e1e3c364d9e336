"""Memory by address."""

from __future__ import annotations

from gossamer.machine_code.host_memory import address_of, view_memory


def test_a_view_at_the_address_of_an_array_is_its_memory() -> None:
    memory = bytearray(b"gossamer")
    view = view_memory(address_of(memory), len(memory))

    assert bytes(view) == b"gossamer"
    view[0:1] = b"G"
    assert memory == b"Gossamer"
    memory[1] = ord("O")
    assert view[1] == ord("O")


def test_an_empty_array_has_no_address() -> None:
    assert address_of(bytearray()) == 0
