"""Writes the models of `large_models.py` as StableHLO text, with arguments and what JAX computes of them.

Usage: python benchmarks/jax_export_large.py FOLDER, in an environment with the dependency group `benchmark`.
Weights are drawn with a fixed seed and are constants: 54 MB in the encoder, 47 MB in ResNet-18.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax_export import Arrays, normalize, weight

LAYERS, TOKENS, WIDTH, HEADS = 6, 128, 432, 12
IMAGE, CLASSES = 224, 1000
STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))

Model = tuple[Callable[[jax.Array], jax.Array], np.ndarray]


def transformer_encoder() -> Model:
    """Layers of self-attention and a GELU network, each after a normalization and with a residual."""
    random = np.random.default_rng(1)

    def dense(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        return weight(random, rows, columns), weight(random, 1, columns)[0]

    def norm() -> tuple[np.ndarray, np.ndarray]:
        return 1 + weight(random, 1, WIDTH)[0], weight(random, 1, WIDTH)[0]

    layers = [
        {
            "qkv": dense(WIDTH, 3 * WIDTH),
            "out": dense(WIDTH, WIDTH),
            "up": dense(WIDTH, 4 * WIDTH),
            "down": dense(4 * WIDTH, WIDTH),
            "before_attention": norm(),
            "before_network": norm(),
        }
        for _ in range(LAYERS)
    ]

    def attention(x: jax.Array, layer: dict[str, tuple[np.ndarray, np.ndarray]]) -> jax.Array:
        parts = (x @ layer["qkv"][0] + layer["qkv"][1]).reshape(1, TOKENS, 3, HEADS, WIDTH // HEADS)
        q, k, v = parts[:, :, 0], parts[:, :, 1], parts[:, :, 2]
        scores = jnp.einsum("bthd,bshd->bhts", q, k) / np.sqrt(WIDTH // HEADS).astype(np.float32)
        mixed = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores, axis=-1), v)
        return mixed.reshape(1, TOKENS, WIDTH) @ layer["out"][0] + layer["out"][1]

    def encode(x: jax.Array) -> jax.Array:
        for layer in layers:
            x = x + attention(normalize(x, *layer["before_attention"]), layer)
            hidden = normalize(x, *layer["before_network"]) @ layer["up"][0] + layer["up"][1]
            x = x + jax.nn.gelu(hidden) @ layer["down"][0] + layer["down"][1]
        return x

    return encode, random.standard_normal((1, TOKENS, WIDTH)).astype(np.float32)


def resnet18() -> Model:
    """ResNet-18 for images of 224 x 224, its batch normalizations as they are at inference."""
    random = np.random.default_rng(2)

    def convolution(size: int, before: int, channels: int) -> Arrays:
        kernel = weight(random, size, size, before, channels)
        mean, variance, scale, shift = random.uniform(0.1, 1, (4, channels)).astype(np.float32)
        return {"kernel": kernel, "mean": mean, "variance": variance, "scale": scale, "shift": shift}

    stem = convolution(7, 3, 64)
    blocks: list[tuple[int, list[Arrays]]] = []
    before = 64
    for channels, stride in STAGES:
        first = [convolution(3, before, channels), convolution(3, channels, channels)]
        shortcut = [convolution(1, before, channels)] if stride > 1 else []
        blocks.append((stride, first + shortcut))
        blocks.append((1, [convolution(3, channels, channels), convolution(3, channels, channels)]))
        before = channels
    classifier, shift = weight(random, before, CLASSES), weight(random, 1, CLASSES)[0]

    def convolve(x: jax.Array, layer: Arrays, stride: int = 1) -> jax.Array:
        border = layer["kernel"].shape[0] // 2
        y = jax.lax.conv_general_dilated(
            x,
            layer["kernel"],
            (stride, stride),
            ((border, border), (border, border)),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        scale = layer["scale"] * jax.lax.rsqrt(jnp.asarray(layer["variance"]) + 1e-5)
        return (y - layer["mean"]) * scale + layer["shift"]

    def classify(x: jax.Array) -> jax.Array:
        x = jax.nn.relu(convolve(x, stem, 2))
        border = ((0, 0), (1, 1), (1, 1), (0, 0))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), border)
        for stride, (first, second, *shortcut) in blocks:
            y = convolve(jax.nn.relu(convolve(x, first, stride)), second)
            x = jax.nn.relu(y + (convolve(x, shortcut[0], stride) if shortcut else x))
        return x.mean((1, 2)) @ classifier + shift

    return classify, random.standard_normal((1, IMAGE, IMAGE, 3)).astype(np.float32)


MODELS = {"transformer_encoder": transformer_encoder, "resnet18": resnet18}


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
