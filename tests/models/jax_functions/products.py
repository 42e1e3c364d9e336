"""Contractions, convolutions, Fourier transforms."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from jax_functions.case import Case, complex_numbers, normal

IMAGE, KERNEL = normal(2, 8, 9, 4), normal(3, 2, 4, 6)
NHWC = ("NHWC", "HWIO", "NHWC")
A, B = normal(4, 7), normal(7, 5)


def _convolution(x, w, strides=(1, 1), padding="VALID", **others):
    return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=NHWC, **others)


CASES = [
    Case("dot", lax.dot, (A, B)),
    Case("dot_of_vectors", jnp.dot, (normal(7), normal(3, 7)[0])),
    Case("dot_matrix_vector", jnp.dot, (A, normal(7))),
    Case("dot_c64", jnp.dot, (complex_numbers(4, 7), complex_numbers(7, 5))),
    Case(
        "dot_batched",
        lambda x, y: lax.dot_general(x, y, (((2,), (1,)), ((0,), (0,)))),
        (normal(3, 4, 7), normal(3, 7, 5)),
    ),
    Case(
        "dot_two_contracted",
        lambda x, y: lax.dot_general(x, y, (((1, 2), (0, 1)), ((), ()))),
        (normal(3, 4, 5), normal(4, 5, 2)),
    ),
    Case("dot_of_nothing", jnp.dot, (normal(4, 0), normal(0, 5))),
    Case("dot_highest", lambda x, y: lax.dot(x, y, precision="highest"), (A, B)),
    Case("dot_algorithm", lambda x, y: lax.dot(x, y, precision=lax.DotAlgorithmPreset.F32_F32_F32), (A, B)),
    Case("matmul_broadcast", jnp.matmul, (normal(3, 1, 4, 7), normal(2, 7, 5))),
    Case("outer", jnp.outer, (normal(4), normal(5))),
    Case("tensordot", lambda x, y: jnp.tensordot(x, y, ([0, 2], [1, 0])), (normal(3, 4, 5), normal(5, 3, 2))),
    Case(
        "einsum_attention",
        lambda q, k: jnp.einsum("bqhd,bkhd->bhqk", q, k),
        (normal(2, 5, 3, 4), normal(2, 6, 3, 4)),
    ),
    Case("einsum_trace", lambda x: jnp.einsum("ii->", x), (normal(5, 5),)),
    Case("einsum_three", lambda x, y, z: jnp.einsum("ij,jk,kl->il", x, y, z), (A, B, normal(5, 3))),
    Case("vdot", jnp.vdot, (complex_numbers(7), complex_numbers(3, 7)[0])),
    Case("conv", _convolution, (IMAGE, KERNEL)),
    Case("conv_same", lambda x, w: _convolution(x, w, padding="SAME"), (IMAGE, KERNEL)),
    Case("conv_strided", lambda x, w: _convolution(x, w, (2, 3), "SAME"), (IMAGE, KERNEL)),
    Case("conv_dilated", lambda x, w: _convolution(x, w, rhs_dilation=(2, 3)), (IMAGE, KERNEL)),
    Case(
        "conv_transposed",
        lambda x, w: lax.conv_transpose(x, w, (2, 2), "SAME", dimension_numbers=NHWC),
        (IMAGE, KERNEL),
    ),
    Case(
        "conv_base_dilated",
        lambda x, w: _convolution(x, w, padding=[(0, 1), (1, 0)], lhs_dilation=(2, 1)),
        (IMAGE, KERNEL),
    ),
    Case("conv_grouped", lambda x, w: _convolution(x, w, feature_group_count=2), (IMAGE, normal(3, 2, 2, 6))),
    Case(
        "conv_depthwise", lambda x, w: _convolution(x, w, feature_group_count=4), (IMAGE, normal(3, 3, 1, 8))
    ),
    Case("conv_batch_grouped", lambda x, w: _convolution(x, w, batch_group_count=2), (IMAGE, KERNEL)),
    Case("conv_nchw", lambda x, w: lax.conv(x, w, (1, 1), "SAME"), (normal(2, 4, 8, 9), normal(6, 4, 3, 3))),
    Case(
        "conv_1d",
        lambda x, w: lax.conv_general_dilated(x, w, (2,), "SAME", dimension_numbers=("NWC", "WIO", "NWC")),
        (normal(2, 11, 3), normal(3, 3, 5)),
    ),
    Case(
        "conv_3d",
        lambda x, w: lax.conv_general_dilated(x, w, (1, 1, 1), "VALID"),
        (normal(1, 2, 5, 6, 4), normal(3, 2, 2, 3, 2)),
    ),
    Case("conv_reversed", lambda x, w: _convolution(x, w[::-1, ::-1]), (IMAGE, KERNEL)),
    Case(
        "conv_patches",
        lambda x: lax.conv_general_dilated_patches(x, (2, 2), (1, 1), "VALID"),
        (normal(1, 2, 4, 5),),
    ),
    Case("fft", jnp.fft.fft, (complex_numbers(3, 8),)),
    Case("fft_of_prime", jnp.fft.fft, (complex_numbers(3, 7),)),
    Case("ifft", jnp.fft.ifft, (complex_numbers(3, 12),)),
    Case("rfft", jnp.fft.rfft, (normal(3, 16),)),
    Case("irfft", jnp.fft.irfft, (complex_numbers(3, 9),)),
    Case("fft2", jnp.fft.fft2, (complex_numbers(6, 8),)),
    Case("rfftn", jnp.fft.rfftn, (normal(2, 4, 6),)),
    Case("fftshift", jnp.fft.fftshift, (normal(7),)),
    Case(
        "spectrogram", lambda x: jnp.abs(jnp.fft.rfft(x.reshape(4, 16) * jnp.hanning(16))) ** 2, (normal(64),)
    ),
    Case("resize_linear", lambda x: jax.image.resize(x, (2, 13, 5, 4), "linear"), (IMAGE,)),
    Case("resize_nearest", lambda x: jax.image.resize(x, (2, 16, 18, 4), "nearest"), (IMAGE,)),
    Case("resize_cubic", lambda x: jax.image.resize(x, (2, 13, 5, 4), "cubic"), (IMAGE,)),
]
