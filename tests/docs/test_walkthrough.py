"""The walkthrough shows what the tools print today."""

from pathlib import Path

import pytest
from command_blocks import CommandBlock, command_blocks, run_command

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = command_blocks(DOCS / "walkthrough.md")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.command)
def test_the_page_shows_what_the_command_prints(block: CommandBlock) -> None:
    assert run_command(block.command, DOCS) == block.output


def test_the_page_has_blocks() -> None:
    assert len(BLOCKS) > 5
