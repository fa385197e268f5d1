import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features
from PIL.PngImagePlugin import PngImageFile

from striate.data.image import decode, header
from tests.data import odd

UPRIGHT = np.zeros((48, 64), np.uint8)  # 48 high, 64 wide; no turn or flip of it is the same
UPRIGHT[:16, :24], UPRIGHT[32:, :8], UPRIGHT[:8, 56:] = 250, 160, 90
AS_STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # TIFF 6.0, page 36: where row 0 and column 0 are
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.T,
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).T,
    8: lambda p: np.rot90(p, -1),
}
LOSSY = 12  # levels that a lossy format may be off


def stored(orientation: int) -> np.ndarray:
    return np.ascontiguousarray(AS_STORED[orientation](UPRIGHT))


def by_pillow(form: str, **options: object) -> Callable[[int], bytes]:
    def write(orientation: int) -> bytes:
        exif = Image.Exif()
        exif[odd.ORIENTATION] = orientation
        file = io.BytesIO()
        image = Image.fromarray(stored(orientation))
        image = image.convert("RGB") if form in ("WEBP", "AVIF", "MPO") else image
        image.save(file, form, exif=exif, **options)
        return file.getvalue()

    return write


def png(place: str, chunk: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda turn: odd.png(stored(turn)[:, :, None], 8, **{place: chunk(turn)})


def exif_chunk(turn: int) -> bytes:
    return odd.png_chunk(b"eXIf", odd.exif(turn))


def xmp_chunk(turn: int) -> bytes:
    return odd.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + odd.xmp(turn))


def profile_chunk(turn: int) -> bytes:
    data = b"Exif\0\0" + odd.exif(turn)
    return odd.png_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(data), data.hex().encode()))


def tiff(**options: object) -> Callable[[int], bytes]:
    return lambda turn: odd.tiff(stored(turn)[:, :, None], 8, orientation=turn, **options)


FORMS = {
    "jpeg": by_pillow("JPEG", quality=95),
    "mpo": by_pillow("MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "png": by_pillow("PNG"),
    "png, late": png("after", exif_chunk),
    "png, xmp": png("before", xmp_chunk),
    "png, late xmp": png("after", xmp_chunk),
    "png, profile": png("before", profile_chunk),
    "png, late profile": png("after", profile_chunk),
    "webp": by_pillow("WEBP", lossless=True),
    "avif": by_pillow("AVIF", quality=100),
    "tiff": tiff(),
    "tiff, big-endian": tiff(order=">"),
    "tiff, lzw": by_pillow("TIFF", compression="tiff_lzw"),
    "tiff, deflate": by_pillow("TIFF", compression="tiff_adobe_deflate"),
    "tiff, by xmp": lambda turn: odd.tiff(stored(turn)[:, :, None], 8, xmp=odd.xmp(turn)),
    "tiff, twice": lambda turn: odd.tiff(stored(turn)[:, :, None], 8, orientation=turn, xmp=odd.xmp(turn)),
    "tiff, 16 bits": lambda turn: odd.tiff(stored(turn)[:, :, None].astype(int) * 257, 16, orientation=turn),
    "tiff, 16 bits of colour": lambda turn: odd.tiff(
        np.stack([stored(turn)] * 3, 2).astype(int) * 257, 16, orientation=turn
    ),
}


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", FORMS)
def test_every_orientation_in_every_format(tmp_path: Path, form: str, turn: int) -> None:
    if form == "avif" and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    path = tmp_path / "a"
    path.write_bytes(FORMS[form](turn))
    assert header(path).size == UPRIGHT.shape
    for size in (None, UPRIGHT.shape):
        pixels = decode(path, channels=1, size=size)[0].astype(int)
        assert pixels.shape == UPRIGHT.shape
        assert np.abs(pixels - UPRIGHT).max() <= (LOSSY if form in ("jpeg", "mpo", "avif") else 0)
    for channels in (1, 3):
        small = decode(path, channels=channels, size=(6, 8))[0].astype(int)
        assert np.abs(small - UPRIGHT.reshape(6, 8, 8, 8).mean((1, 3))).max() < 40  # bicubic beside the mean of 8x8


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize(("form", "options"), [("JPEG", {"quality": 95}), ("JPEG", {"progressive": 1}), ("PNG", {})])
def test_large_ones_that_are_reduced_on_the_way(
    tmp_path: Path, form: str, options: dict[str, object], turn: int
) -> None:
    large = np.kron(UPRIGHT, np.ones((20, 20), np.uint8))
    exif = Image.Exif()
    exif[odd.ORIENTATION] = turn
    path = tmp_path / "a"
    Image.fromarray(np.ascontiguousarray(AS_STORED[turn](large))).save(path, form, exif=exif, **options)
    assert header(path).size == large.shape
    assert np.abs(decode(path, channels=1, size=UPRIGHT.shape)[0].astype(int) - UPRIGHT).mean() < 1.5
    height, width = decode(path, channels=1, longest=64)[0].shape
    assert 32 < width <= 64
    assert height == width * 48 // 64


@pytest.mark.parametrize("turn", [0, 9, 300])
def test_an_orientation_that_is_none_is_upright(tmp_path: Path, turn: int) -> None:
    for data in (odd.tiff(UPRIGHT[:, :, None], 8, orientation=turn), png("before", exif_chunk)(1)):
        (tmp_path / "a").write_bytes(data)
        assert np.array_equal(decode(tmp_path / "a", channels=1)[0], UPRIGHT)


def test_exif_that_is_damaged_does_not_hide_the_picture(tmp_path: Path) -> None:
    for exif in (b"", b"nonsense", odd.exif(6)[:9], b"MM\0*\xff\xff\xff\xff"):
        for place in ("before", "after"):
            (tmp_path / "a").write_bytes(odd.png(UPRIGHT[:, :, None], 8, **{place: odd.png_chunk(b"eXIf", exif)}))
            assert header(tmp_path / "a").size == UPRIGHT.shape
            assert np.array_equal(decode(tmp_path / "a", channels=1)[0], UPRIGHT)


def test_the_header_of_a_png_decodes_no_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    monkeypatch.setattr(PngImageFile, "load", lambda image: loaded.append(image))
    path = tmp_path / "a"
    for data in (
        odd.png(UPRIGHT[:, :, None], 8),
        odd.png(UPRIGHT[:, :, None], 8, after=odd.png_chunk(b"tEXt", b"date:create\0today")),  # as ImageMagick does
        png("before", exif_chunk)(6),
    ):
        path.write_bytes(data)
        assert header(path).size == UPRIGHT.shape
    assert not loaded
    path.write_bytes(png("after", exif_chunk)(6))
    header(path)
    assert loaded
