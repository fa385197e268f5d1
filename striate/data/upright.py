"""Which way up an image file is: its EXIF orientation, 1 to 8 (TIFF 6.0, 1992, tag 274).

>>> exif = Image.Exif(); exif[ExifTags.Base.Orientation] = 6
>>> import io; file = io.BytesIO(); Image.new("L", (4, 2)).save(file, "PNG", exif=exif)
>>> image = Image.open(file)
>>> image.size, upright_size(image), turned(image, 6).size
((4, 2), (2, 4), (2, 4))
"""

import struct

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, TiffImageFile

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # exchange width and height
_PROFILES = (b"XML:com.adobe.xmp", b"Raw profile type exif")  # text in a PNG that may hold an orientation


def orientation(image: Image.Image) -> int:
    """How the pixels of `image` must be turned, 1 to 8; 1 when the file does not say so readably.

    Loading the pixels may change it: Pillow turns a TIFF while it loads it.
    """
    try:
        if isinstance(image, PngImageFile) and not tells_late(image):
            exif = Image.Image.getexif(image)  # PngImageFile's own method would decode every pixel to get there
        else:
            exif = image.getexif()
        found = exif.get(ExifTags.Base.Orientation)
    except Exception:  # many kinds, for damaged EXIF; the pixels may be intact
        return 1
    return found if found in _TURNS else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height), once upright, of an image that is opened and not loaded."""
    width, height = image.size
    if isinstance(image, TiffImageFile):  # Pillow may say the size after the turn, or before
        width, height = image.tag_v2[IMAGEWIDTH], image.tag_v2[IMAGELENGTH]
    return (height, width) if orientation(image) in SIDEWAYS else (width, height)


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """`image`, whose pixels are stored in `orientation`, made upright."""
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image


def tells_late(image: Image.Image) -> bool:
    """Whether an opened PNG may store its orientation after its pixels, so that they are decoded to find it."""
    if not isinstance(image, PngImageFile) or not image.tile or image.fp is None:
        return False
    file = image.fp
    place = file.tell()
    try:
        file.seek(8)  # after the signature
        pixels_passed = False
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            data = file.tell()
            if pixels_passed and (kind == b"eXIf" or file.read(32).startswith(_PROFILES)):
                return True
            pixels_passed |= kind == b"IDAT"
            file.seek(data + length + 4)
        return False
    finally:
        file.seek(place)
