"""Writes the models of `jax_models.py` as StableHLO text, with arguments and what JAX computes of them.

Usage: python benchmarks/jax_export.py FOLDER, in an environment with the dependency group `benchmark`.
Weights are drawn with a fixed seed and are constants of the modules.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

Arrays = dict[str, np.ndarray]

LAYERS, TOKENS, WIDTH, HEADS, HIDDEN = 2, 64, 256, 8, 1024
IMAGE, STAGES = 32, (32, 64, 128)


def weight(random: np.random.Generator, *shape: int) -> np.ndarray:
    return (random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))).astype(np.float32)


def normalize(x: jax.Array, scale: np.ndarray, shift: np.ndarray) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


def transformer_encoder() -> tuple[Callable[[jax.Array], jax.Array], np.ndarray]:
    """Layers of self-attention and a GELU network, each after a normalization and with a residual."""
    random = np.random.default_rng(1)
    layers: list[Arrays] = [
        {
            "qkv": weight(random, WIDTH, 3 * WIDTH),
            "out": weight(random, WIDTH, WIDTH),
            "up": weight(random, WIDTH, HIDDEN),
            "down": weight(random, HIDDEN, WIDTH),
            "scale": np.ones(WIDTH, np.float32),
            "shift": weight(random, 1, WIDTH)[0],
        }
        for _ in range(LAYERS)
    ]

    def attention(x: jax.Array, layer: Arrays) -> jax.Array:
        parts = (x @ layer["qkv"]).reshape(TOKENS, 3, HEADS, WIDTH // HEADS)
        q, k, v = parts[:, 0], parts[:, 1], parts[:, 2]
        scores = jnp.einsum("thd,shd->hts", q, k) / np.sqrt(WIDTH // HEADS).astype(np.float32)
        mixed = jnp.einsum("hts,shd->thd", jax.nn.softmax(scores, axis=-1), v)
        return mixed.reshape(TOKENS, WIDTH) @ layer["out"]

    def encode(x: jax.Array) -> jax.Array:
        for layer in layers:
            x = x + attention(normalize(x, layer["scale"], layer["shift"]), layer)
            hidden = jax.nn.gelu(normalize(x, layer["scale"], layer["shift"]) @ layer["up"])
            x = x + hidden @ layer["down"]
        return x

    return encode, random.standard_normal((TOKENS, WIDTH)).astype(np.float32)


def convolutional_net() -> tuple[Callable[[jax.Array], jax.Array], np.ndarray]:
    """Residual blocks of 3x3 convolutions in three stages, then a mean and a classifier."""
    random = np.random.default_rng(2)
    stem = weight(random, 3, 3, 3, STAGES[0])
    blocks: list[tuple[int, Arrays]] = []
    before = STAGES[0]
    for channels in STAGES:
        stride = 1 if channels == before else 2
        blocks.append(
            (
                stride,
                {
                    "first": weight(random, 3, 3, before, channels),
                    "second": weight(random, 3, 3, channels, channels),
                    "shortcut": weight(random, 1, 1, before, channels),
                    "shift": weight(random, 1, channels)[0],
                },
            )
        )
        before = channels
    classifier = weight(random, before, 10)

    def convolve(x: jax.Array, kernel: np.ndarray, stride: int = 1) -> jax.Array:
        return jax.lax.conv_general_dilated(
            x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def classify(x: jax.Array) -> jax.Array:
        x = jax.nn.relu(convolve(x, stem))
        for stride, block in blocks:
            y = jax.nn.relu(convolve(x, block["first"], stride) + block["shift"])
            x = jax.nn.relu(convolve(y, block["second"]) + convolve(x, block["shortcut"], stride))
        return jax.nn.softmax(x.mean((1, 2)) @ classifier)

    return classify, random.standard_normal((1, IMAGE, IMAGE, 3)).astype(np.float32)


MODELS = {"transformer_encoder": transformer_encoder, "convolutional_net": convolutional_net}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MODELS.items():
        function, argument = make()
        compiled = jax.jit(function)
        (folder / f"{name}.mlir").write_text(str(compiled.lower(argument).compiler_ir("stablehlo")))
        np.save(folder / f"{name}.argument.npy", argument)
        np.save(folder / f"{name}.expected.npy", np.asarray(compiled(argument)))


if __name__ == "__main__":
    main()
