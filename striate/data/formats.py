"""The formats of image files that are read, and the suffixes by which they are found: Pillow's picture formats.

Left out are formats that Pillow only recognises (GRIB, HDF5, WMF), videos, and PostScript, which runs a program. HEIC
is read where the package pillow-heif is installed.

>>> {".jpg", ".psd", ".j2k", ".qoi"} <= suffixes(), {".pdf", ".eps", ".mpeg", ".h5", ".txt"} & suffixes()
(True, set())
"""

import re
from contextlib import suppress
from functools import cache
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError

from .quiet import collected

IN_JPEG = {"MPO"}  # several JPEG images in one file: Pillow opens it as JPEG and gives the first
NO_PICTURES = {"EPS", "IPTC", "MPEG"}
COMMON = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # tried first
UNMARKED = {"DIB", "FLI"}  # formats whose first bytes are those of many other files
HEIC = frozenset({".heic", ".heics", ".heif", ".heifs", ".hif"})
SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,5}")  # not the ends of "image.001" and "photo.jpg?w=300", which are no format


@cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats to open, those of most files first."""
    Image.init()
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    pictures = [name for name, (factory, _) in Image.OPEN.items() if name not in NO_PICTURES and not _is_stub(factory)]
    return (*COMMON, *(name for name in pictures if name not in COMMON))


@cache
def suffixes() -> frozenset[str]:
    """The suffixes of image files, in lower case: `.jpg`."""
    known = {*formats(), *IN_JPEG}
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in known)


def suffix(name: str) -> str:
    """The end of a file's name that says its format, in lower case; "" where it says none.

    >>> suffix("a.JPG"), suffix("scan.001"), suffix("photo.jpg?w=300"), suffix("README")
    ('.jpg', '', '', '')
    """
    end = Path(name).suffix.lower()
    return end if SUFFIX.fullmatch(end) else ""


def holds_image(path: Path) -> bool:
    """Whether the file at `path`, whose name does not tell, begins like an image."""
    try:
        with collected(), Image.open(path, formats=marked()):
            return True
    except (UnidentifiedImageError, OSError):
        return False
    except Exception:  # it is one, and something is wrong with it: reported when it is read
        return True


@cache
def marked() -> tuple[str, ...]:
    """The formats that can be recognised by their first bytes."""
    with_suffix = set(Image.registered_extensions().values())
    return tuple(
        name for name in formats() if name in with_suffix and name not in UNMARKED and Image.OPEN[name][1] is not None
    )


def _is_stub(factory: object) -> bool:
    return isinstance(factory, type) and issubclass(factory, ImageFile.StubImageFile)
