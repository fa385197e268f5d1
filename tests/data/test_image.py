import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from striate.data.image import ImageError, decode, extent, header
from striate.data.levels import settled
from tests.data import odd

RAMP = np.arange(0, 240, 2, dtype=np.uint8).reshape(10, 12)  # height 10, width 12


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_grey_is_kept_bit_for_bit(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP))
    assert header(path)[:2] == ((10, 12), True)
    assert np.array_equal(decode(path, channels=1)[0], RAMP)
    assert np.array_equal(decode(path, channels=1, size=(10, 12))[0], RAMP)
    assert np.array_equal(decode(path, channels=3), np.stack([RAMP] * 3))


def test_colour_is_kept_bit_for_bit_and_channels_come_first(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(pixels))
    assert header(path)[:2] == ((10, 12), False)
    decoded = decode(path, channels=3, size=(10, 12))
    assert decoded.shape == (3, 10, 12)
    assert decoded.flags.c_contiguous
    assert np.array_equal(decoded.transpose(1, 2, 0), pixels)


def test_colour_as_grey_is_luminance(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (200, 100, 50)))
    assert decode(path, channels=1).item() == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


def test_grey_saved_as_colour_is_the_same_grey(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(np.stack([RAMP] * 3, 2)))
    assert np.array_equal(decode(path, channels=1)[0], RAMP)


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP.astype(np.uint16) * 257))
    assert header(path)[1]
    assert np.array_equal(decode(path, channels=1)[0], RAMP)
    assert np.array_equal(decode(path, channels=3)[2], RAMP)


@pytest.mark.parametrize("kind", [np.int32, np.uint16, ">u2"])
def test_tiff_of_whole_numbers(tmp_path: Path, kind: str) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray((RAMP.astype(np.int64) * 257).astype(kind)))
    assert np.array_equal(decode(path, channels=1)[0], RAMP)


@pytest.mark.parametrize("scale", [1.0, 255.0])
def test_floats_are_0_to_1_or_0_to_255(tmp_path: Path, scale: float) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray((RAMP / 255 * scale).astype(np.float32)))
    assert header(path)[1]
    assert np.array_equal(decode(path, channels=1)[0], RAMP)


def test_floats_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tif", Image.fromarray(np.full((3, 3), np.nan, np.float32)))
    with pytest.raises(ImageError, match="no numbers"):
        decode(path, channels=1)


def test_one_bit(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP > 100))
    assert header(path)[1]
    assert np.array_equal(decode(path, channels=1)[0], np.where(RAMP > 100, 255, 0))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_shows_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (3, 1))
    ink = (0,) * (len(mode) - 1)
    for x, alpha in enumerate((255, 128, 0)):
        image.putpixel((x, 0), (*ink, alpha))
    path = saved(tmp_path / "a.png", image)
    for channels in (1, 3):
        assert decode(path, channels=channels)[0, 0].tolist() == [0, 127, 255]


def test_palette(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    path = saved(tmp_path / "a.png", image)
    assert decode(path, channels=3)[:, 0].T.tolist() == [[10, 20, 30], [200, 100, 50]]
    clear = saved(tmp_path / "b.png", image, transparency=0)
    assert decode(clear, channels=3)[:, 0].T.tolist() == [[255, 255, 255], [200, 100, 50]]
    animated = saved(tmp_path / "c.gif", image, save_all=True, append_images=[Image.new("P", (2, 1))])
    assert decode(animated, channels=3)[:, 0].T.tolist() == [[10, 20, 30], [200, 100, 50]]


def test_a_transparent_colour_of_a_grey_image(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(RAMP), transparency=0)
    assert decode(path, channels=1)[0, 0, :3].tolist() == [255, 2, 4]


def test_cmyk(tmp_path: Path) -> None:
    for name in ("a.tif", "a.jpg"):
        path = saved(tmp_path / name, Image.new("CMYK", (16, 16), (0, 255, 255, 0)))
        assert header(path)[1] is False
        red = decode(path, channels=3)[:, 8, 8].astype(int)
        assert red[0] > 230
        assert red[1:].max() < 30
        assert 60 < decode(path, channels=1)[0, 8, 8] < 95


@pytest.mark.parametrize("suffix", ["bmp", "gif", "ppm", "webp", "tga", "jp2", "pcx"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = saved(
        tmp_path / f"a.{suffix}",
        Image.new("RGB", (16, 16), (255, 0, 0)),
        **({"quality": 100} if suffix == "webp" else {}),
    )
    assert decode(path, channels=3)[:, 8, 8].tolist() == pytest.approx([255, 0, 0], abs=3)


def test_an_image_is_scaled_to_cover_and_its_middle_cut_out(tmp_path: Path) -> None:
    pixels = np.zeros((20, 60), np.uint8)
    pixels[:, 20:40] = 255  # the middle third
    path = saved(tmp_path / "a.png", Image.fromarray(pixels))
    assert decode(path, channels=1, size=(10, 10)).min() > 230
    wide = decode(path, channels=1, size=(10, 30))[0]
    assert wide[:, :8].max() < 20
    assert wide[:, 12:18].min() > 235
    tall = saved(tmp_path / "b.png", Image.fromarray(pixels.T.copy()))
    assert decode(tall, channels=1, size=(40, 40)).min() > 190


@pytest.mark.parametrize("target", [(224, 224), (28, 28), (100, 100), (227, 227), (25, 24)])
def test_an_image_of_any_size_is_scaled(target: tuple[int, int], tmp_path: Path) -> None:
    for side in range(target[0] - 3, target[0] * 3, 7 if target[0] > 50 else 1):  # 225 and 116 end in rounding errors
        for size in ((side, side + 5), (side + target[1] // 3, side)):
            path = saved(tmp_path / "a.bmp", Image.new("L", size, 90))
            assert np.array_equal(decode(path, channels=1, size=target), np.full((1, *target), 90, np.uint8))


def test_a_large_jpeg_is_read_right_at_a_fraction(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 255, 1600).astype(np.uint8), (1200, 1))
    path = saved(tmp_path / "a.jpg", Image.fromarray(ramp), quality=95)
    small = decode(path, channels=1, size=(24, 32))[0].astype(int)
    assert small.shape == (24, 32)
    assert np.abs(small - np.linspace(3.5, 251.5, 32)).max() < 4


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("text.png", b"just words", "not an image"),
        ("empty.png", b"", "an empty file"),
        ("html.jpg", b"<html>404</html>", "not an image"),
    ],
)
def test_what_is_no_image(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    for read in (header, lambda path: decode(path, channels=3)):
        with pytest.raises(ImageError, match=f"cannot read the image '.*{name}' \\({reason}\\)") as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "gif", "tif", "webp"])
def test_a_file_cut_short(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    path = saved(tmp_path / f"a.{suffix}", Image.fromarray(pixels))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ImageError):
        decode(path, channels=3)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file"):
        decode(tmp_path / "none.png", channels=3)
    with pytest.raises(ImageError, match="is a directory"):
        decode(tmp_path, channels=3)
    (tmp_path / "loop.png").symlink_to("loop.png")
    with pytest.raises(ImageError, match="symbolic links"):
        header(tmp_path / "loop.png")


HUGE = odd.png(np.zeros((1, 1, 1)), 8, size=(50_000, 60_000))
BOMBS = {
    "png": HUGE,
    "tif": odd.tiff(np.zeros((1, 1, 1)), 8, size=(50_000, 60_000)),
    "ppm": b"P6 60000 50000 255 ",
    "bmp": b"BM" + struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, 60_000, 50_000, 1, 24, 0, 0, 0, 0, 0, 0),
}


@pytest.mark.parametrize("suffix", BOMBS)
def test_an_image_too_large_to_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bomb.{suffix}"
    path.write_bytes(BOMBS[suffix])
    reason = (
        "its 50,000 x 60,000 pixels are more than the 178,956,970 pixels that are read of one image; make it smaller"
    )
    for read in (
        header,
        lambda path: decode(path, channels=3),
        lambda path: decode(path, channels=3, data=BOMBS[suffix]),
    ):
        with pytest.raises(ImageError) as caught:
            read(path)
        assert str(caught.value) == f"cannot read the image '{path}' ({reason})"


def test_a_part_too_large_to_read(tmp_path: Path) -> None:
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 8, len(HUGE), 22)
    (tmp_path / "a.ico").write_bytes(struct.pack("<HHH", 0, 1, 1) + entry + HUGE)
    with pytest.raises(ImageError, match="a part of it is larger than the 178,956,970 pixels that are read"):
        decode(tmp_path / "a.ico", channels=3)


@pytest.mark.filterwarnings("error")  # Pillow says what it finds odd, and nobody hears it
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"]), st.data())
def test_damage_is_an_image_error_or_an_image(form: str, data: st.DataObject) -> None:
    file = io.BytesIO()
    Image.fromarray(np.stack([RAMP] * 3, 2)).save(file, form)
    damaged = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode(Path("x"), channels=3, size=(4, 4), data=bytes(damaged))
    except ImageError:
        return
    assert decoded.shape == (3, 4, 4)


@settings(deadline=None)
@given(st.data())
def test_any_drawn_file_keeps_the_rules(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Upright, of the size that its header says, grey where its format is, alike read at once and by its extent."""
    channels, bits = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([1, 2, 4, 8, 12, 16, 32]))
    height, width, turn = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12)), data.draw(st.integers(1, 8))
    high = 2 ** min(bits, data.draw(st.integers(1, 16))) - 1
    pixels = np.random.default_rng(data.draw(st.integers(0, 999))).integers(0, high + 1, (height, width, channels))
    if data.draw(st.booleans()):
        channels, bits = (channels, max(bits, 8)) if channels > 1 else (channels, bits)
        assume(bits not in (12, 32))
        chunk = odd.png_chunk(b"eXIf", odd.exif(turn))
        written = odd.png(pixels, bits, **{data.draw(st.sampled_from(["before", "after"])): chunk})
    else:
        assume((channels, bits) != (2, 16) and (channels == 1 or bits in (8, 16)))
        width += width % 2 if bits == 12 else 0
        pixels = np.resize(pixels, (height, width, channels))
        order, planar = data.draw(st.sampled_from("<>")), data.draw(st.booleans())
        assume((bits, order) != (12, ">"))  # which Pillow does not open
        assume(not planar or channels != 2)  # Pillow reads none of these
        extra = 2 if channels in (2, 4) else None
        kind = {"photometric": 1} if channels == 2 else {}
        form = 2 if bits == 32 else 1
        written = odd.tiff(pixels, bits, order=order, form=form, planar=planar, extra=extra, orientation=turn, **kind)
    path = tmp_path_factory.mktemp("drawn") / "a"
    path.write_bytes(written)
    found = header(path)
    sideways = turn > 4
    assert found.size == ((width, height) if sideways else (height, width))
    assert found.grey == (channels < 3)
    read = decode(path, channels=3)
    assert read.shape == (3, *found.size)
    assert found.deep == (bits > 8)
    if channels < 3:
        assert (read == read[:1]).all()
    assert np.array_equal(decode(path, channels=3, size=found.size), read)
    assert decode(path, channels=1, size=(3, 5)).shape == (1, 3, 5)
    if found.deep and (told := extent(path)):
        levels = settled({path: told})[0]
        assert np.array_equal(decode(path, channels=3, levels=levels), read)
