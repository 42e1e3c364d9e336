"""Programs of `torch.export`, compiled and compared with PyTorch itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import gossamer  # noqa: E402  # what is missing is said first
from gossamer.errors import CompileError  # noqa: E402

# PyTorch warns of itself.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("FutureWarning", "DeprecationWarning")
]


class Mlp(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.layers(x), -1)


class Counter(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(4))
        self.register_buffer("calls", torch.tensor(0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.total += x
        self.calls += 1
        return self.total * 2, self.calls.clone()


def main_of(program: object) -> object:
    return gossamer.Pipeline([gossamer.compile(program)], device="local-sync").main["main"]


def test_a_model_gives_what_pytorch_gives() -> None:
    model, x = Mlp().eval(), torch.randn(3, 64)

    found = main_of(torch.export.export(model, (x,)))(x.numpy())

    np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_dimensions_stay_dynamic() -> None:
    model = Mlp().eval()
    shapes = ({0: torch.export.Dim("batch", min=2, max=64)},)
    main = main_of(torch.export.export(model, (torch.randn(3, 64),), dynamic_shapes=shapes))

    for batch in (2, 7):
        x = torch.randn(batch, 64)
        np.testing.assert_allclose(main(x.numpy()), model(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_buffers_that_change_are_state_of_the_module() -> None:
    module = gossamer.compile(torch.export.export(Counter(), (torch.ones(4),)))
    main = gossamer.Pipeline([module], device="local-sync").main["main"]

    for call in (1, 2, 3):
        total, calls = main(np.ones(4, np.float32))
        np.testing.assert_array_equal(total, np.full(4, 2 * call))
        assert int(calls) == call


def test_files_are_read(tmp_path: Path) -> None:
    model, x = Mlp().eval(), torch.randn(3, 64)
    path = tmp_path / "mlp.pt2"
    torch.export.save(torch.export.export(model, (x,)), path)

    np.testing.assert_allclose(main_of(path)(x.numpy()), model(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_other_files_of_that_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.pt2"
    path.write_bytes(b"no archive")

    with pytest.raises(CompileError, match="not a program that"):
        gossamer.compile(path)
