"""Pictures, and frames with their neighbours, that a user hands over to be restored."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from striate.data.image import decode
from striate.data.levels import Levels
from striate.data.restoring.form import Form
from striate.data.restoring.luminance import Picture
from striate.data.restoring.photo import Photo, photo
from striate.tasks.pictures import IMAGE, asked_images
from striate.tasks.task import Asked
from striate.tasks.windows import Window


@dataclass(frozen=True, eq=False)
class Photos(Asked):
    """Pictures that are to be restored.

    Attributes:
        photos: Each with all the bits of its file, of one channel where it is grey.
        seconds: When each is shown, of frames of videos; None of others.
    """

    photos: Sequence[Photo] = ()
    seconds: Sequence[Fraction | None] = ()

    def of(self, rows: Sequence[int]) -> Asked:
        """Those at these positions."""
        photos, seconds = [self.photos[row] for row in rows], [self.seconds[row] for row in rows]
        return dataclasses.replace(super().of(rows), photos=photos, seconds=seconds)  # type: ignore[call-arg]


def photos(given: Sequence[object], form: Form, levels: Levels | None, bad: str) -> Photos:
    """Image files, folders of some, PIL images or arrays, each of its own size.

    Raises:
        InputError: None of it can be read, or with "refuse" one can't be.
    """
    made = list[Photo]()

    def read(path: Path) -> tuple[torch.Tensor, Sequence[str]]:
        one = _grey(photo(path, levels) or Photo(decode(path, channels=3), None))
        maps = torch.from_numpy(form.read(_coloured(one.picture, form)))
        made.append(one)
        return maps, ()

    found = asked_images(given, None, bad, read=read)
    return Photos(found.names, found.inputs, found.notes, found.left_out, made, [None] * len(made))


def of_windows(windows: Sequence[Window], form: Form, notes: Sequence[str] = ()) -> Photos:
    """Frames with their neighbours; each frame is prepared once."""
    shots = {id(shot): shot for window in windows for shot in window.shots}
    maps = {key: form.read(_coloured(shot.picture, form)) for key, shot in shots.items()}
    read = [np.concatenate([maps[id(shot)] for shot in window.shots]) for window in windows]
    own = [window.shot for window in windows]
    inputs = [{IMAGE: torch.from_numpy(values)[None]} for values in read]
    made = [_grey(Photo(shot.picture, None, shot.top)) for shot in own]
    return Photos([shot.name for shot in own], inputs, tuple(notes), (), made, [shot.seconds for shot in own])


def _coloured(picture: Picture, form: Form) -> Picture:
    """Of three channels, where what the network reads is made of them."""
    return picture if form.channels == 1 and not form.studio else np.repeat(picture, 3 // len(picture), 0)


def _grey(photo: Photo) -> Photo:
    """With one channel, where it has no colour."""
    picture = photo.picture
    return dataclasses.replace(photo, picture=picture[:1]) if (picture == picture[:1]).all() else photo
