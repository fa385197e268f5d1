import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from striate.data import load, read_and_tell
from striate.data.image import decode, is_blank
from striate.data.ink import Ink
from striate.data.recipe import Recipe
from tests.data import odd

HERE = Path("drawn")
SIDE = 24
STROKE = np.zeros((SIDE, SIDE), bool)
STROKE[4:20, 10:13] = STROKE[10:13, 4:20] = True
INK = {"black": (0, 0, 0), "white": (255, 255, 255), "red": (200, 10, 20), "ivory": (250, 245, 240)}


def over(colours: np.ndarray, alpha: np.ndarray, paper: int) -> np.ndarray:
    """(H, W, 3) of colours 0..255 and alpha 0..1, laid over paper."""
    return colours * alpha[:, :, None] + paper * (1 - alpha[:, :, None])


def rgba(ink: str) -> np.ndarray:
    """Strokes of `ink` on nothing."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[STROKE] = (*INK[ink], 255)
    return pixels


def by_pillow(form: str, mode: str = "RGBA", **options: object) -> Callable[[np.ndarray], bytes]:
    def write(pixels: np.ndarray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(file, form, **options)
        return file.getvalue()

    return write


def gif(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    image = Image.frombytes("P", (SIDE, SIDE), STROKE.astype(np.uint8).tobytes())
    image.putpalette([9, 9, 9, *pixels[STROKE][0, :3].tolist()])
    image.save(file, "GIF", transparency=0)
    return file.getvalue()


def clear_value(bits: int, channels: int) -> Callable[[np.ndarray], bytes]:
    """A PNG whose transparent value is one that no stroke has."""

    def write(pixels: np.ndarray) -> bytes:
        scale = (2**bits - 1) / 255
        values = np.rint(pixels[:, :, :channels] * scale).astype(int)
        clear = next(v for v in (1, 0) if not (values[STROKE] == v).all(1).any())
        values[~STROKE] = clear
        return odd.png(values, bits, before=odd.png_chunk(b"tRNS", np.full(channels, clear, ">u2").tobytes()))

    return write


def palette(bits: int) -> Callable[[np.ndarray], bytes]:
    def write(pixels: np.ndarray) -> bytes:
        colours = bytes([9, 9, 9, *pixels[STROKE][0, :3]])
        chunks = odd.png_chunk(b"PLTE", colours) + odd.png_chunk(b"tRNS", b"\0\xff")
        return odd.png(STROKE[:, :, None].astype(int), bits, before=chunks, palette=True)

    return write


def grey_alpha(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, [0, 3]]


GREY_ONLY = {
    "png 1": clear_value(1, 1),
    "png 2": clear_value(2, 1),
    "png 4": clear_value(4, 1),
    "png 8": clear_value(8, 1),
    "png 16": clear_value(16, 1),
    "png grey alpha 8": lambda p: odd.png(grey_alpha(p), 8),
    "png grey alpha 16": lambda p: odd.png(grey_alpha(p).astype(int) * 257, 16),
    "tiff grey alpha": lambda p: odd.tiff(grey_alpha(p), 8, photometric=1, extra=2),
    "jp2 grey alpha": by_pillow("JPEG2000", "LA"),
    "tga grey alpha": by_pillow("TGA", "LA"),
}
COLOUR = {
    "png rgb 8": clear_value(8, 3),
    "png rgb 16": clear_value(16, 3),
    "png rgba 8": lambda p: odd.png(p, 8),
    "png rgba 16": lambda p: odd.png(p.astype(int) * 257, 16),
    "png rgba of 8 in 16": lambda p: odd.png(p, 16),
    "png palette 1": palette(1),
    "png palette 2": palette(2),
    "png palette 4": palette(4),
    "png palette 8": palette(8),
    "tiff": lambda p: odd.tiff(p, 8, extra=2),
    "tiff, premultiplied": lambda p: odd.tiff(p, 8, extra=1),
    "tiff, planar": lambda p: odd.tiff(p, 8, extra=2, planar=True),
    "tiff 16": lambda p: odd.tiff(p.astype(int) * 257, 16, extra=2, order=">"),
    "tiff 16, premultiplied": lambda p: odd.tiff(p.astype(int) * 257, 16, extra=1),
    "webp": by_pillow("WEBP", lossless=True, exact=True),
    "gif": gif,
    "tga": by_pillow("TGA"),
    "ico": by_pillow("ICO", sizes=[(SIDE, SIDE)]),
    "jp2": by_pillow("JPEG2000"),
    "dds": by_pillow("DDS"),
    "sgi": by_pillow("SGI"),
    "avif": by_pillow("AVIF", quality=100, subsampling="4:4:4"),
}


DRAWN = [*((form, ink) for form in GREY_ONLY for ink in ("black", "white")), *((f, i) for f in COLOUR for i in INK)]


@pytest.mark.parametrize(("form", "ink"), DRAWN)
def test_strokes_on_nothing_are_seen(form: str, ink: str) -> None:
    if form == "avif" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    data = {**GREY_ONLY, **COLOUR}[form](rgba(ink))
    paper = 0 if ink in ("white", "ivory") else 255
    expected = np.where(STROKE[:, :, None], np.array(INK[ink]), paper)
    read = decode(HERE, channels=3, data=data).transpose(1, 2, 0).astype(int)
    assert np.abs(read - expected).max() <= (60 if form == "avif" else 8 if form in ("gif", "jp2") else 0)
    grey = decode(HERE, channels=1, data=data)[0].astype(int)
    assert np.abs(grey - expected @ [0.299, 0.587, 0.114]).max() <= (60 if form == "avif" else 8)
    assert not is_blank(decode(HERE, channels=1, data=data, size=(12, 12)))


@given(st.integers(0, 999), st.sampled_from([8, 16]), st.sampled_from([1, 3]), st.sampled_from(["png", "tiff"]))
def test_partly_transparent_is_laid_over_the_paper(seed: int, bits: int, channels: int, form: str) -> None:
    rng = np.random.default_rng(seed)
    full = 2**bits - 1
    pixels = rng.integers(0, full + 1, (5, 7, channels + 1))
    pixels[0, 0] = full
    pixels[0, 1] = (*[0] * channels, full)  # something that is seen on white
    tiff = form == "tiff" and (channels, bits) != (1, 16)
    data = odd.tiff(pixels, bits, extra=2, photometric=2 if channels == 3 else 1) if tiff else odd.png(pixels, bits)
    expected = over(pixels[:, :, :-1] / full * 255, pixels[:, :, -1] / full, 255)
    read = decode(HERE, channels=3, data=data).transpose(1, 2, 0).astype(float)
    assert np.abs(read - expected).max() <= 1.6


@pytest.mark.parametrize(("seen", "paper"), [(0.02, 255), (0.0, 0)])
def test_a_little_that_is_seen_on_white_keeps_the_paper_white(seen: float, paper: int) -> None:
    pixels = np.full((20, 20, 4), 255, np.uint8)
    pixels[:5, :, 3] = 0
    pixels[5, : round(400 * seen), :3] = 0
    read = decode(HERE, channels=3, data=odd.png(pixels, 8))
    assert (read[:, :5] == paper).all()


def test_the_paper_is_chosen_for_what_the_network_sees() -> None:
    """Yellow is seen on white, its luminance is not."""
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[STROKE] = (255, 255, 0, 255)
    colour, grey = (decode(HERE, channels=channels, data=odd.png(pixels, 8)) for channels in (3, 1))
    assert colour[:, 0, 0].tolist() == [255, 255, 255]
    assert grey[0, 0, 0] == 0
    assert grey[0, 10, 10] == 226


def test_nothing_at_all_is_white_and_blank() -> None:
    read = decode(HERE, channels=1, data=odd.png(np.zeros((9, 9, 4)), 8))
    assert (read == 255).all()
    assert is_blank(read)


@pytest.mark.parametrize("ink", [None, Ink(20, (14.0, 14.0))])
def test_a_blank_image_is_told_when_it_is_read(tmp_path: Path, ink: Ink | None) -> None:
    recipe = Recipe((1, 28, 28), (1, 28, 28), "as is", (0.0,), (0.1,), (0.3,), ink)
    for name, pixels, blank in (
        ("empty.png", np.zeros((40, 40, 4)), True),
        ("grey.png", np.full((40, 40, 1), 77), True),
        ("strokes.png", rgba("white"), False),
        ("ink.png", rgba("black"), False),
    ):
        (tmp_path / name).write_bytes(odd.png(pixels, 8))
        read, notes = read_and_tell(tmp_path / name, recipe)
        assert notes == ([f"'{tmp_path / name}' is blank"] if blank else [])
        assert is_blank(read.numpy()) == blank


def test_blank_images_of_a_set_are_counted(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for i in range(3):
            (tmp_path / label / f"{i}.png").write_bytes(odd.png(rgba("black"), 8))
    assert not any("blank," in note or "is blank" in note for note in load(tmp_path, hold_out=False).notes)
    (tmp_path / "b" / "8.png").write_bytes(odd.png(np.full((SIDE, SIDE, 1), 7), 8))
    assert any(note.endswith("8.png' is blank") for note in load(tmp_path, hold_out=False).notes)
    (tmp_path / "b" / "9.png").write_bytes(odd.png(np.zeros((SIDE, SIDE, 4)), 8))
    assert any("2 images are blank, such as '" in note for note in load(tmp_path, hold_out=False).notes)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "I;16", "F"])
def test_in_strips_as_at_once(mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However few rows are made flat at once, the image is the same."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (31, 17, 4), np.uint8)
    image = Image.fromarray(pixels)
    if mode == "PA":
        image = image.convert("RGB").quantize(8).convert("PA")
    elif mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65536, (31, 17)).astype(np.uint16))
    elif mode in ("I", "F", "1"):
        image = image.convert("L").convert(mode)
    elif mode == "LAB":
        image = Image.frombytes("LAB", (17, 31), pixels[:, :, :3].tobytes())
    else:
        image = image.convert("RGB").convert(mode)
    image.save(tmp_path / "a.tif")
    for kwargs in ({"channels": 1}, {"channels": 3}, {"channels": 3, "size": (3, 2)}, {"channels": 1, "longest": 9}):
        whole = decode(tmp_path / "a.tif", **kwargs)
        with monkeypatch.context() as patch:
            patch.setattr("striate.data.deep.AT_ONCE", 40)
            assert np.array_equal(decode(tmp_path / "a.tif", **kwargs), whole)
