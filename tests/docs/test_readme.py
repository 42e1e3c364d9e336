"""README and examples say what is true: their code runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def python_blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)


@pytest.mark.parametrize("block", python_blocks(REPOSITORY / "README.md"))
def test_readme_code_prints_what_it_says(block: str, tmp_path: Path) -> None:
    for framework in re.findall(r"^import gossamer, (\w+)", block, re.MULTILINE):
        pytest.importorskip(framework, reason=f"{framework} is not installed")
    expected = re.findall(r"^print\(.*\)\s+# (.*)", block, re.MULTILINE)
    script = tmp_path / "block.py"
    script.write_text(block)

    completed = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.splitlines() == expected
    assert expected


def test_the_demo_runs(tmp_path: Path) -> None:
    binaries = Path(sys.executable).parent
    completed = subprocess.run(
        ["sh", REPOSITORY / "examples" / "multiple_modules" / "demo.sh"],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": f"{binaries}:/usr/bin:/bin", "HOME": str(tmp_path)},
    )

    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.count("4096xf32=4 4 4 4 4 4 4 4...") == 2
    assert "counts: 3 3" in completed.stdout


def test_every_path_the_readme_links_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (REPOSITORY / "README.md").read_text()):
        if not target.startswith("http"):
            assert (REPOSITORY / target).exists(), target
