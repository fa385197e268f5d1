"""A run's best weights as a single file, copied from its folder: it carries the network and the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.errors import InputError
from striate.training.history import History
from striate.training.saved import MODEL, SavedRun
from striate.training.seal import is_whole
from striate.training.state import State
from striate.training.store import DamagedError, Store


def opened(path: Path) -> SavedRun:
    """A run from its folder, or from its weights file alone.

    Raises:
        InputError: There is neither.
        DamagedError: The file is not as it was written.
    """
    return LoneModel(path) if path.is_file() else SavedRun.open(path)


class LoneModel(SavedRun):
    """A run's weights file without the run's folder. It can be used and tested, but not trained further.

    Args:
        root: The file.

    Raises:
        InputError: It is a file of another kind.
        DamagedError: It is not as it was written.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        content = self._content()
        whole = is_whole(content)
        if whole is False:
            raise DamagedError(f"{root} is damaged: its SHA-256 is not the one in its header")
        try:
            self._state_read = State.from_bytes(content, root)
        except DamagedError as error:
            if whole:
                raise
            raise InputError(f"{error}; a run is a folder that `striate train` made, or its {MODEL}") from None
        if whole is None and self.root.name not in Store(root.parent).listed():
            self.notes.append(f"{root} carries no checksum, so damage to its numbers would go unseen")

    def _content(self) -> bytes:
        """The file's content, checked by the list of checksums if that is beside it."""
        beside = Store(self.root.parent)
        if self.root.name in beside.listed():
            return beside.read(self.root.name)
        try:
            return self.root.read_bytes()
        except OSError as error:
            raise InputError(f"{self.root} can't be read: {error.strerror}") from None

    def best(self) -> State:
        """The weights."""
        return self._state_read

    def last(self) -> State:
        """Not available: the state to go on from is in the run's folder.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self.root} is the weights of a run alone; training goes on from the run's folder")

    def epochs(self) -> list[int]:
        """None: those are in the run's folder."""
        return []

    def net(self) -> str:
        """The network's text."""
        return self._state_read.net

    def config(self) -> dict[str, Any]:
        """The configuration with which the weights were trained."""
        return self._state_read.config

    def history(self) -> History:
        """The epochs up to these weights."""
        return self._state_read.history

    def check(self) -> list[str]:
        """Nothing: the file was checked when it was opened."""
        return []
