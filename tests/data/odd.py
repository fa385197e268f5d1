"""Image files written byte by byte, so that what they hold is known without an image library."""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PNG_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # colour type by channels
TIFF_TYPES = {"H": 3, "I": 4}
ORIENTATION, XMP = 274, 700


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    pixels: Array,
    bits: int,
    *,
    before: bytes = b"",
    after: bytes = b"",
    palette: bool = False,
    size: tuple[int, int] = (0, 0),
) -> bytes:
    """A PNG of `pixels` (H, W, C), with whole chunks before and after its pixels; `size` (H, W) is what it claims."""
    height, width, channels = pixels.shape
    kind = 3 if palette else PNG_TYPES[channels]
    rows = b"".join(b"\0" + row.tobytes() for row in packed(pixels.reshape(height, -1), bits, ">"))
    head = struct.pack(">IIBBBBB", size[1] or width, size[0] or height, bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + before
        + png_chunk(b"IDAT", zlib.compress(rows))
        + after
        + png_chunk(b"IEND", b"")
    )


def exif(orientation: int) -> bytes:
    """EXIF that says an orientation and no more, as a PNG's `eXIf` holds it."""
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, ORIENTATION, 3, 1, orientation, 0, 0)


def xmp(orientation: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        b'tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>' % orientation
    )


def tiff(
    pixels: Array,
    bits: int,
    *,
    order: str = "<",
    form: int = 1,
    photometric: int | None = None,
    planar: bool = False,
    extra: int | None = None,
    orientation: int = 0,
    xmp: bytes = b"",
    size: tuple[int, int] = (0, 0),
) -> bytes:
    """An uncompressed TIFF of `pixels` (H, W, C).

    Args:
        pixels: of any dtype that holds `bits`.
        bits: of a sample.
        order: "<" or ">".
        form: SampleFormat: 1 unsigned, 2 signed, 3 float.
        photometric: 1 grey, 2 RGB, 5 CMYK; by default by the channels.
        planar: whether each channel is stored by itself.
        extra: ExtraSamples of the last channel: 1 premultiplied, 2 not.
        orientation: 1 to 8; 0 says none.
        xmp: the XMP packet.
        size: (H, W) that it claims.
    """
    height, width, channels = pixels.shape
    planes = [pixels[:, :, band] for band in range(channels)] if planar else [pixels.reshape(height, -1)]
    strips = [b"".join(row.tobytes() for row in packed(plane, bits, order)) for plane in planes]
    colour = photometric if photometric is not None else 2 if channels > 2 else 1
    offsets = [8 + sum(map(len, strips[:i])) for i in range(len(strips))]
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [size[1] or width]),
        257: ("I", [size[0] or height]),
        258: ("H", [bits] * channels),
        259: ("H", [1]),
        262: ("H", [colour]),
        273: ("I", offsets),
        274: ("H", [orientation] if orientation else []),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [len(strip) for strip in strips]),
        284: ("H", [2 if planar else 1]),
        338: ("H", [] if extra is None else [extra]),
        339: ("H", [form] * channels),
        XMP: ("B", list(xmp)),
    }
    tags = {tag: value for tag, value in tags.items() if value[1]}
    body = b"".join(strips)
    body += b"\0" * (len(body) % 2)
    entries, tail = b"", b""
    start = 8 + len(body) + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(data) > 4:
            data, tail = struct.pack(f"{order}I", start + len(tail)), tail + data + b"\0" * (len(data) % 2)
        entries += struct.pack(f"{order}HHI", tag, {"B": 1, **TIFF_TYPES}[kind], len(values)) + data.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8 + len(body))
    return head + body + struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", 0) + tail


def packed(rows: Array, bits: int, order: str) -> Array:
    """`rows` (H, N) as bytes (H, …), the first sample in the highest bits of a byte."""
    if bits >= 8 and bits != 12:
        kind = rows.dtype.kind if rows.dtype.kind == "i" or bits >= 32 else "u"
        return (
            np.ascontiguousarray(rows.astype(f"{order}{kind}{bits // 8}" if bits > 8 else np.uint8))
            .view(np.uint8)
            .reshape(len(rows), -1)
        )
    each = (rows.astype(np.uint16)[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(each.astype(np.uint8).reshape(len(rows), -1), axis=1)
