"""What a pickle would call, found without calling it.

>>> import collections, pickle, tempfile
>>> path = Path(tempfile.mkdtemp()) / "a.pkl"
>>> path.write_bytes(pickle.dumps(collections.Counter(), 2)) > 0
True
>>> named_in(path)
['collections.Counter']
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zipfile import ZipFile, is_zipfile

OF_TENSORS = ("collections.OrderedDict", "torch._utils.", "torch.nn.parameter.Parameter", "torch.storage.")
STREAMS = 5  # pickles one after another in a file of torch.save before PyTorch 1.6
MOST = 1_000_000  # opcodes read at most


def named_in(path: Path) -> list[str]:
    """The classes and functions that a file of `torch.save` names, except those that tensors are made of."""
    if is_zipfile(path):
        with ZipFile(path) as archive:
            pickled = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
            content = archive.read(pickled) if pickled else b""
    else:
        content = path.read_bytes()
    names = dict.fromkeys(islice(_globals(content), MOST))
    return [name for name in names if not name.startswith(OF_TENSORS) and not name.endswith("Storage")]


def _globals(content: bytes) -> Iterator[str]:
    """Each global as `module.name`, in order; a pickle that is damaged ends the search."""
    strings = ["", ""]
    for _ in range(STREAMS):
        end = 0
        try:
            for op, argument, position in pickletools.genops(content):
                end = (position or 0) + 1
                if op.name == "GLOBAL":
                    yield ".".join(str(argument).split(" ", 1))
                elif op.name == "STACK_GLOBAL":
                    yield ".".join(strings[-2:])
                elif isinstance(argument, str):
                    strings = [strings[-1], argument]
        except ValueError:
            return
        content = content[end:]
