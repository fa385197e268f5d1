"""Standard output and error that always exist and take any text: what their encoding lacks becomes plain letters.

>>> "conv 6@5×5 → 6×28×28 ━━ é".encode("ascii", errors=PLAIN).decode()
'conv 6@5x5 -> 6x28x28 -- e'
>>> "6×28×28".encode("cp1251", errors=PLAIN).decode("cp1251")
'6x28x28'
"""

import codecs
import io
import os
import sys

from striate.ascii import plain

PLAIN = "striate-plain"  # the name of this error handler for text that can't be encoded
ASCII = "striate-ascii"  # ASCII under a name at which click does not take UTF-8 instead


def mend() -> None:
    """Give this process standard output and error that never fail because of a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the shell closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8", errors=PLAIN))  # noqa: SIM115 - to the end
        elif isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if ascii_only else stream.encoding, errors=PLAIN)


def _instead(error: UnicodeError) -> tuple[str | bytes, int]:
    """The handler for `codecs.register_error`, one character at a time."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    if 0xDC80 <= ord(letter) <= 0xDCFF:  # a byte of a file name that is no text
        return bytes([ord(letter) - 0xDC00]), error.start + 1
    return plain(letter), error.start + 1


def _ascii() -> codecs.CodecInfo:
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        *(found.encode, found.decode, found.streamreader, found.streamwriter),
        *(found.incrementalencoder, found.incrementaldecoder),
        name=ASCII,
    )


codecs.register_error(PLAIN, _instead)
codecs.register(lambda name: _ascii() if name.replace("_", "-") == ASCII else None)
