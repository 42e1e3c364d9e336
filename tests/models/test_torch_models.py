"""Programs of `torch.export`, compiled and compared with PyTorch itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

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


class Pair(NamedTuple):
    total: Any
    parts: Any


class Nested(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)

    def forward(self, x: Any, cache: Any, *, scale: float = 2.0) -> Any:
        y = self.linear(x) * scale
        return {"y": y, "cache": [cache["k"] + 1, None, 3]}, Pair(y.sum(), (y[0],))


def assert_same(found: Any, expected: Any) -> None:
    """Compare what is nested, by structure and by values."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, (tuple, list)):
        assert type(found).__name__ == type(expected).__name__
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, torch.Tensor):
        np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-4, atol=1e-6)
    else:
        assert found == expected


def test_a_module_is_exported_by_example_and_called_as_it_is() -> None:
    model = Nested().eval()
    x, cache = torch.randn(2, 4), {"k": torch.randn(3)}
    exported = torch.export.export(model, (x, cache), {"scale": 0.5})
    pipeline = gossamer.Pipeline([gossamer.compile(exported, name="nested", target="llvm-cpu")])

    assert_same(pipeline.main(x.numpy(), {"k": cache["k"].numpy()}, scale=0.5), model(x, cache, scale=0.5))
    assert_same(pipeline.main(x.numpy(), cache={"k": cache["k"]}), model(x, cache, scale=0.5))
    with pytest.raises(gossamer.StatusError, match=r"argument scale of nested\.main is 1\.0"):
        pipeline.main(x, cache, scale=1.0)
    with pytest.raises(gossamer.StatusError, match=r"argument cache of nested\.main has keys 'k'"):
        pipeline.main(x, {"v": cache["k"]})


def test_open_sizes_are_said_by_types() -> None:
    model = Mlp().eval()
    main = gossamer.Pipeline([gossamer.compile(model, inputs=["?x64xf32"])]).main

    for batch in (1, 5):
        x = torch.randn(batch, 64)
        np.testing.assert_allclose(main(x.numpy()), model(x).detach().numpy(), rtol=1e-4, atol=1e-6)


def test_inputs_are_given_by_name() -> None:
    model = Nested().eval()
    x, cache = torch.randn(2, 4), {"k": torch.randn(3)}
    main = gossamer.Pipeline([gossamer.compile(model, inputs={"x": "2x4xf32", "cache": cache})]).main

    assert_same(main(x=x, cache=cache), model(x, cache))


def test_double_floats_stay_double() -> None:
    model = torch.nn.Linear(3, 2).double().eval()
    x = torch.randn(4, 3, dtype=torch.float64)
    found: Any = gossamer.Pipeline([gossamer.compile(model, inputs=[x])]).main(x)

    assert found.dtype == np.float64
    np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-12)


class Decoder(torch.nn.Module):
    """Two entry points over one state and one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(64, 64))
        self.register_buffer("cache", torch.zeros(64))

    def forward(self, x: Any) -> Any:
        self.cache.add_(self.weight @ x)
        return self.cache.clone()


class Reader(torch.nn.Module):
    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self) -> Any:
        return self.decoder.cache * 2 + self.decoder.weight[0]


def test_programs_of_one_module_share_weights_and_state() -> None:
    decoder = Decoder().eval()
    x = torch.randn(64)
    programs = {
        "write": torch.export.export(decoder, (x,)),
        "read": torch.export.export(Reader(decoder), ()),
    }
    module = gossamer.compile(programs)
    pipeline = gossamer.Pipeline([module])
    expected = (decoder.weight @ x).detach().numpy()

    np.testing.assert_allclose(pipeline["write"](x), expected, rtol=1e-4, atol=1e-5)
    row = decoder.weight[0].detach().numpy()
    np.testing.assert_allclose(pipeline["read"](), expected * 2 + row, rtol=1e-4, atol=1e-5)
    assert len(module) < 2 * 64 * 64 * 4, "the weight is in it twice"


class InPlace(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        x.add_(1)
        return x * 2


def test_a_changed_argument_is_refused() -> None:
    with pytest.raises(CompileError, match="it changes its argument x in place; return the new value"):
        gossamer.compile(InPlace().eval(), inputs=[torch.ones(2)])


def test_a_module_without_example_says_what_it_needs() -> None:
    with pytest.raises(CompileError, match="no inputs are given"):
        gossamer.compile(Mlp())


def test_training_mode_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="training mode"):
        gossamer.compile(torch.nn.Linear(2, 2), inputs=[torch.ones(1, 2)])


def test_inputs_that_do_not_fit_are_said() -> None:
    with pytest.raises(
        CompileError, match="inputs do not fit the model: missing a required argument: 'cache'"
    ):
        gossamer.compile(Nested().eval(), inputs={"x": "2x4xf32"})


def test_weights_are_parameters_by_their_names(tmp_path: Path) -> None:
    model, x = Mlp().eval(), torch.randn(3, 64)
    module = gossamer.compile(model, inputs=[x], weights="parameters", target="llvm-cpu")
    module.save(tmp_path / "mlp.vmfb")
    pipeline = gossamer.Pipeline([tmp_path / "mlp.vmfb"], parameters={"model": tmp_path / "mlp.irpa"})

    np.testing.assert_allclose(pipeline.main(x), model(x).detach().numpy(), rtol=1e-4, atol=1e-6)
    assert module.parameters is not None
    found = {entry.key: np.frombuffer(entry.contents(), np.float32) for entry in module.parameters}
    assert set(found) == {"layers.0.weight", "layers.0.bias", "layers.2.weight"}, "the last bias is small"
    other = gossamer.Pipeline(
        [module], parameters={"model": {**found, "layers.0.bias": found["layers.0.bias"] + 1}}
    )
    model.layers[0].bias.data.add_(1)
    np.testing.assert_allclose(other.main(x), model(x).detach().numpy(), rtol=1e-4, atol=1e-6)
