import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from striate.data.image import ImageError, decode, extent, header
from striate.data.levels import Extent, Levels
from tests.data import odd

HERE = Path("drawn")
SPANS = [(0.0, 1.0), (0.0, 1.001), (-1.0, 1.0), (0.0, 255.0), (0.0, 4095.0), (-0.02, 1.04)]
ORDERS = st.sampled_from("<>")


def white(high: int) -> int:
    """The value of white for whole numbers up to `high`, computed without the package."""
    if high <= 1:
        return 1
    return next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if high < 2**bits)


def as_bytes(values: np.ndarray, black: float, top: float) -> np.ndarray:
    return np.clip(np.rint((values.astype(float) - black) / (top - black) * 255), 0, 255).astype(np.uint8)


def shown(channels_last: np.ndarray) -> np.ndarray:
    """(3, H, W) of (H, W, 1 or 3)."""
    return np.broadcast_to(channels_last, (*channels_last.shape[:2], 3)).transpose(2, 0, 1)


def drawn(data: st.DataObject, channels: int) -> np.ndarray:
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    high = data.draw(st.sampled_from([1, 2, 100, 255, 256, 1000, 1024, 4095, 4096, 16383, 16384, 65534, 65535]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = rng.integers(0, high + 1, (height, width, channels))
    pixels[0, 0, 0] = high
    return pixels


@given(st.sampled_from(["png", "tiff", "planar tiff", "lzw tiff"]), st.sampled_from([1, 3]), ORDERS, st.data())
def test_sixteen_bits_hold_the_fewest_that_cover_them(
    form: str, channels: int, order: str, data: st.DataObject
) -> None:
    pixels = drawn(data, channels)
    if form == "png":
        written = odd.png(pixels, 16)
    elif form == "lzw tiff" and channels == 1:
        file = io.BytesIO()
        Image.fromarray(pixels[:, :, 0].astype(order + "u2")).save(file, "TIFF", compression="tiff_lzw")
        written = file.getvalue()
    else:
        written = odd.tiff(pixels, 16, order=order, planar=form == "planar tiff")
    read = decode(HERE, channels=3, data=written)
    assert np.array_equal(read, shown(as_bytes(pixels, 0, white(pixels.max()))))
    wide = decode(HERE, channels=3, data=written, levels=Levels(whole=(0, 65535)))
    assert np.array_equal(wide, shown(as_bytes(pixels, 0, 65535)))


@given(st.data(), ORDERS)
def test_twelve_bits_that_a_tiff_declares_are_twelve(data: st.DataObject, order: str) -> None:
    pixels = np.minimum(drawn(data, 1), 4095)
    pixels = np.repeat(pixels, 2, axis=1)  # whole bytes a row
    read = decode(HERE, channels=1, data=odd.tiff(pixels, 12, order="<"))
    assert np.array_equal(read[0], as_bytes(pixels, 0, 4095)[:, :, 0])


@given(st.sampled_from(["png", "tiff"]), st.sampled_from([2, 4]), st.booleans(), ORDERS, st.data())
def test_sixteen_bits_with_alpha(form: str, channels: int, narrow: bool, order: str, data: st.DataObject) -> None:
    """Alpha is of 16 bits, or of as many as the colours have when it has no more."""
    pixels = drawn(data, channels)
    top = white(pixels[:, :, :-1].max())
    alpha = np.random.default_rng(1).integers(0, 2, pixels.shape[:2]) * (top if narrow else 65535)
    alpha[0, 0] = top if narrow else 65535
    pixels[:, :, -1] = alpha
    if form == "tiff" and channels == 2:
        form = "png"  # Pillow reads no grey TIFF with alpha
    seen = pixels[:, :, :-1][alpha > 0]
    top = white(seen.max())
    colours, opaque = as_bytes(pixels[:, :, :-1], 0, top), alpha > 0
    written = odd.png(pixels, 16) if form == "png" else odd.tiff(pixels, 16, order=order, extra=2)
    read = decode(HERE, channels=3, data=written)
    assert np.array_equal(read[:, opaque], shown(colours)[:, opaque])
    assert set(read[:, ~opaque].flatten().tolist()) in ({0}, {255}, set())


@given(st.sampled_from([1, 3]), st.data())
def test_a_transparent_value_of_sixteen_bits(channels: int, data: st.DataObject) -> None:
    pixels = drawn(data, channels)
    clear = pixels[-1, -1].copy()
    chunk = odd.png_chunk(b"tRNS", clear.astype(">u2").tobytes())
    opaque = (pixels != clear).any(2)
    read = decode(HERE, channels=3, data=odd.png(pixels, 16, before=chunk))
    assert set(read[:, ~opaque].flatten().tolist()) in ({0}, {255})
    if opaque.any():
        top = white(pixels[opaque].max())  # a value that stands for nothing says nothing of the others
        assert np.array_equal(read[:, opaque], shown(as_bytes(pixels, 0, top))[:, opaque])


@given(ORDERS, st.sampled_from([(16, 2), (32, 2)]), st.data())
def test_whole_numbers_with_a_sign_and_of_32_bits(order: str, kind: tuple[int, int], data: st.DataObject) -> None:
    bits, form = kind
    pixels = np.minimum(drawn(data, 1), 2**15 - 1 if bits == 16 else 65535)
    written = odd.tiff(pixels, bits, order=order, form=form)
    assert np.array_equal(decode(HERE, channels=1, data=written)[0], as_bytes(pixels, 0, white(pixels.max()))[:, :, 0])


@given(ORDERS, st.sampled_from(SPANS), st.booleans())
def test_floats(order: str, span: tuple[float, float], planar: bool) -> None:
    pixels = np.linspace(*span, 35).astype(np.float32).reshape(5, 7, 1)
    if span[1] == 4095:
        pixels = np.rint(pixels)  # 12 bits kept as floats
    black, top = {1.0: (span[0], 1), 255.0: (0, 255), 4095.0: (0, 4095)}.get(span[1], (0, 1))
    read = decode(HERE, channels=1, data=odd.tiff(pixels, 32, order=order, form=3, planar=planar))
    assert np.array_equal(read[0], as_bytes(pixels, black, top)[:, :, 0])


@pytest.mark.parametrize(
    "span", [(0.0, 4095.5), (-1000.25, 3000.0), (-2.5, 2.5), (0.0, 1.5), (0.0, 100.5), (-300.0, 300.0), (0.5, 1e30)]
)
def test_floats_of_no_known_range_are_refused(span: tuple[float, float]) -> None:
    pixels = np.linspace(*span, 35).astype(np.float32).reshape(5, 7, 1)
    with pytest.raises(ImageError, match=r"drawn' \(its values go from .* to .*, which is no range that is known"):
        decode(HERE, channels=1, data=odd.tiff(pixels, 32, form=3))


@pytest.mark.parametrize("span", [(0, 65536), (-1024, 3071), (-(2**31), 2**31 - 1)])
def test_whole_numbers_of_no_known_range_are_refused(span: tuple[int, int]) -> None:
    pixels = np.array(span, np.int64).astype(np.int32).reshape(1, 2, 1)
    with pytest.raises(ImageError, match=r"its values go from .* which is no range that is known"):
        decode(HERE, channels=1, data=odd.tiff(pixels, 32, form=2))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_numbers_are_refused(value: float) -> None:
    pixels = np.array([0, 1, value], np.float32).reshape(1, 3, 1)
    for levels in (None, Levels(real=(0, 1))):
        with pytest.raises(ImageError, match="no numbers"):
            decode(HERE, channels=1, data=odd.tiff(pixels, 32, form=3), levels=levels)


def test_what_the_header_and_the_extent_say(tmp_path: Path) -> None:
    grey = np.arange(35).reshape(5, 7, 1)
    for data, is_grey, found in (
        (odd.png(grey, 8), True, None),
        (odd.png(grey, 16), True, Extent("whole", 0, 34)),
        (odd.png(np.concatenate([grey, grey], 2), 16), True, Extent("whole", 1, 34)),
        (odd.png(np.concatenate([grey] * 3, 2), 16), False, Extent("whole", 0, 34)),
        (odd.png(np.concatenate([grey] * 4, 2), 16), False, Extent("whole", 1, 34)),
        (odd.tiff(grey, 12), True, Extent("whole", 0, 34, bits=12)),
        (odd.tiff(grey, 32, form=2), True, Extent("whole", 0, 34)),
        (odd.tiff((grey / 2).astype(np.float32), 32, form=3), True, Extent("real", 0, 17, integral=False)),
        (odd.tiff(np.concatenate([grey * 257] * 4, 2), 16, photometric=5), False, Extent("whole", 0, 34 * 257)),
    ):
        (tmp_path / "a").write_bytes(data)
        assert header(tmp_path / "a") == ((5, 7), is_grey, found is not None)
        if found:
            assert extent(tmp_path / "a") == found
    (tmp_path / "a").write_bytes(odd.png(np.zeros((3, 3, 4)), 16))
    assert extent(tmp_path / "a") is None
    assert (decode(tmp_path / "a", channels=3) == 255).all()


def test_sixteen_bits_of_cyan_magenta_yellow_and_black() -> None:
    pixels = np.zeros((4, 4, 4), int)
    pixels[:, :, 1:3] = 4095  # no cyan, all magenta, all yellow: red
    red = decode(HERE, channels=3, data=odd.tiff(pixels, 16, photometric=5))[:, 0, 0].tolist()
    assert red == [255, 0, 0]
