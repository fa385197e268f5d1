import io
import logging
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.data.image import ImageError, decode, header
from striate.data.quiet import collected
from tests.data import odd

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)


def encoded(form: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, form, **options)
    return file.getvalue()


def odd_tags() -> bytes:
    """A TIFF with a tag that nobody knows and one whose data would be after its end."""
    data = bytearray(odd.tiff(PIXELS, 8, orientation=1))
    at = data.index(b"\x12\x01\x03\x00")  # the orientation becomes what libtiff and Pillow wonder at
    data[at : at + 12] = b"\x99\x99\x07\x00\xff\xff\xff\x00\xff\xff\xff\x7f"
    return bytes(data)


def damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(b ^ 0xFF for b in data[middle : middle + 40]) + data[middle + 40 :]


def wide_png() -> bytes:
    """Only the header of an image that Pillow warns of for its size."""
    return odd.png(np.zeros((1, 1, 1)), 1, size=(10_000, 10_000))


FILES = {
    "tags.tif": odd_tags(),
    "lzw.tif": damaged(encoded("TIFF", compression="tiff_lzw")),
    "deflate.tif": damaged(encoded("TIFF", compression="tiff_adobe_deflate")),
    "jpeg.tif": damaged(encoded("TIFF", compression="jpeg")),
    "short.tif": encoded("TIFF", compression="tiff_lzw")[:-2000],
    "profile.png": odd.png(PIXELS, 8, before=odd.png_chunk(b"iCCP", b"name\0\0broken")),
    "exif.png": odd.png(PIXELS, 8, before=odd.png_chunk(b"eXIf", odd.exif(6)[:15])),
    "gamma.png": odd.png(PIXELS, 8, before=odd.png_chunk(b"gAMA", b"1")),
    "animated.png": odd.png(PIXELS, 8, before=odd.png_chunk(b"acTL", b"\0" * 8) * 2),
    "short.jpg": encoded("JPEG")[:-600],
    "exif.jpg": encoded("JPEG", exif=b"Exif\0\0" + odd.exif(6)[:18]),
    "damaged.jpg": damaged(encoded("JPEG")),
    "wide.png": wide_png(),
    "palette.gif": damaged(encoded("GIF")),
    "damaged.webp": damaged(encoded("WEBP")),
    "damaged.jp2": damaged(encoded("JPEG2000")),
    "many.tif": odd.tiff(np.zeros((2, 2, 40)), 8),
}
READ_ALL = """
import logging, sys
from pathlib import Path
from striate.data.image import ImageError, decode, extent, header
from concurrent.futures import ThreadPoolExecutor

def read(path):
    try:
        found = header(path)
        if found.deep:
            extent(path)
        if max(found.size) < 100:
            decode(path, channels=3, size=(8, 8))
        return f"read {path.name}"
    except ImageError as error:
        return str(error)

with ThreadPoolExecutor(4) as pool:
    for line in pool.map(read, sorted(Path(sys.argv[1]).iterdir())):
        print(line)
"""


@pytest.mark.parametrize("strict", ["default", "error"])
def test_no_foreign_word_reaches_the_user_and_bad_files_are_named(tmp_path: Path, strict: str) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-W", strict, "-c", READ_ALL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(FILES)
    for name, line in zip(sorted(FILES), lines, strict=True):
        assert line == f"read {name}" or line.startswith(f"cannot read the image '{tmp_path / name}' (")
    said = dict(zip(sorted(FILES), lines, strict=True))
    assert said["tags.tif"] == "read tags.tif"
    assert said["exif.png"] == "read exif.png"
    assert said["wide.png"] == "read wide.png"
    assert said["short.jpg"].endswith("(cut short)")
    assert said["many.tif"].endswith("(damaged, or TIFF of a kind that is not read)")
    assert "damaged, or of a kind that is not read: " in said["deflate.tif"]


def test_the_files_are_such_as_something_is_said_of(tmp_path: Path) -> None:
    """Without `collected` libtiff, Pillow's warnings and its logger do speak, or the test above shows nothing."""
    plain = READ_ALL.replace("from concurrent", "import striate.data.opening as image, contextlib\nfrom concurrent")
    plain = plain.replace("def read(", "image.collected = lambda: contextlib.nullcontext([])\ndef read(")
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    done = subprocess.run([sys.executable, "-c", plain, str(tmp_path)], capture_output=True, text=True, check=True)
    for word in ("ZIPDecode", "DecompressionBombWarning", "More samples per pixel", "UserWarning"):
        assert word in done.stderr


def test_words_go_to_the_note_of_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(damaged(FILES["animated.png"]))
    with pytest.raises(ImageError, match="Invalid APNG"):
        decode(tmp_path / "a.png", channels=3)


def test_everything_is_put_back() -> None:
    logger = logging.getLogger("PIL")
    before = warnings.showwarning, warnings.filters[:], logger.handlers[:], logger.propagate
    for _ in range(2):
        with collected(), collected() as inner:
            assert warnings.showwarning is not before[0]
            assert inner == []
        assert (warnings.showwarning, warnings.filters, logger.handlers, logger.propagate) == before


def test_other_threads_hear_their_own_warnings(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(FILES["wide.png"])

    def outsider() -> None:
        Image.open(tmp_path / "a.png").close()

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with collected() as words:
            header(tmp_path / "a.png")
            assert not heard
            thread = threading.Thread(target=outsider)
            thread.start()
            thread.join()
            assert not words
    assert [warning.category for warning in heard] == [Image.DecompressionBombWarning]


def test_other_threads_loggers_are_heard(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("PIL.Elsewhere")
    with collected() as words:
        logger.error("mine")
        thread = threading.Thread(target=logger.error, args=("theirs",))
        thread.start()
        thread.join()
    assert words == ["mine"]
    assert caplog.messages == ["theirs"]
