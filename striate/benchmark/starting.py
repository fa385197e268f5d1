"""How long a network takes to become machine code: compiled from nothing, and found in the cache."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from striate.interrupt import undone_by
from striate.native.network import Compiled
from striate.notation import Network
from striate.training.objective import AUX_WEIGHT


def start_times(network: Network, batch: int) -> tuple[float, float]:
    """Seconds from the tree to a network that is ready for its first step: with an empty cache folder, then again.

    The second time no compiler runs; code is generated from the tree, its hash looked up, the file's checksum compared.

    Raises:
        Refused: The native engine lacks a layer.
        NoCompiler: It can't be compiled here.
    """
    with tempfile.TemporaryDirectory() as folder, undone_by(lambda: shutil.rmtree(folder)), _cache_in(folder):
        return _seconds(network, batch), _seconds(network, batch)


def stored(network: Network, batch: int) -> Path:
    """The folder with the network's C in the user's cache, where it is compiled if it is not there.

    Raises:
        Refused, NoCompiler: As `start_times`.
    """
    return Compiled(network, torch.get_num_threads(), batch, aside=AUX_WEIGHT).built.folder


def _seconds(network: Network, batch: int) -> float:
    started = time.perf_counter()
    Compiled(network, torch.get_num_threads(), batch, aside=AUX_WEIGHT)
    return time.perf_counter() - started


@contextmanager
def _cache_in(folder: str) -> Iterator[None]:
    """Inside, this is the user's cache folder."""
    name = "XDG_CACHE_HOME"
    before = os.environ.get(name)
    os.environ[name] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
