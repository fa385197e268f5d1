"""Isolated words: which of some classes a sound file says (Abdel-Hamid et al. 2014)."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.augmentation.augment import Augment
from striate.augmentation.chain import chained
from striate.augmentation.rough import Noise
from striate.augmentation.spoken import Spoken
from striate.augmentation.words import AUTO, parsed
from striate.data import lazy, sounds
from striate.data.amounts import so_many
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.files import has_image
from striate.data.image import ImageError
from striate.data.kinds import Image, Label
from striate.data.lazy import Lazy
from striate.data.left_out import UNREADABLE, LeftOut
from striate.data.left_out import said as left_out_said
from striate.data.loading import places_of
from striate.data.recipe import Recipe
from striate.data.sounds import Ears, Entry, Facts, SoundSet, Wave, WaveError, at_rate, heard, of_samples, read_wave
from striate.errors import InputError
from striate.notation import Network
from striate.notation.sizes import Size
from striate.report.curves import png
from striate.report.spectra import TIMES, spectrum
from striate.tasks.augmenting import background_of
from striate.tasks.fitting import Fitted, fitted
from striate.tasks.judging import JudgedLabels
from striate.tasks.labelled import LABEL, Labelled, Prediction
from striate.tasks.pictures import IMAGE
from striate.tasks.task import Asked, Wish, is_place
from striate.training.fields import Fields
from striate.training.objective import Net

BANDS = 40
MOST_SECONDS = 2.0  # of a word; longer ones lose their ends
LONG = 0.98  # share of the training words that are heard whole
EIGHT = 8  # moments are a multiple of it, so that pools divide them
DRAWN = 100  # answers that are drawn
USUAL = "shift:6,cutout:6,stretch:0.15,bands:2,noise:0.3"
TAKES = "predict takes sound files, folders of some, or arrays of samples at the rate that was learned from"


@dataclass(frozen=True)
class Speech(Labelled):
    """One word a sound.

    Attributes:
        rate: Samples a second; sounds of other rates are brought to it.
        bands: Mel bands.
        frames: Moments of 10 ms.
    """

    rate: int
    bands: int
    frames: int

    word: ClassVar[str] = "speech"
    reads: ClassVar[str] = (
        "a folder with one sub-folder of sound files per class, one of files called CLASS_SPEAKER_NUMBER.wav, or a "
        "table (.csv) of path, label and maybe split; .wav, and .flac, .ogg or .mp3 with striate[sound]"
    )
    unit: ClassVar[str] = "sounds"

    @property
    def ears(self) -> Ears:
        """How it hears."""
        return Ears(self.rate, self.bands, self.frames)

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Labelled sounds as bands in memory; those of a large set stay in their files."""
        if not is_place(source):
            return None
        known, named = like.classes if like else (), wish.named or like is not None
        if not named and any(os.path.isdir(place) and has_image(place) for place in places_of(source)):
            return None  # sounds among images are others' to tell
        found = sounds.find(source, hold_out=wish.hold_out, known=known, tables=named)
        if found is None:
            return None
        waves, left_out, notes = _read(found, wish.bad)
        task = like or cls._of(found, waves)
        return task, task._opened(found, waves, left_out, notes)

    @classmethod
    def _of(cls, found: SoundSet, waves: Mapping[Path, Facts]) -> Self:
        """With what most of the training sounds have."""
        train = [waves[one.path] for one in found.parts["train"] if one.path in waves]
        rate = Counter(wave.rate for wave in train).most_common(1)[0][0]
        long = min(MOST_SECONDS, float(np.quantile([wave.seconds for wave in train], LONG)))
        frames = max(EIGHT, EIGHT * round(100 * long / EIGHT))
        return cls(found.classes, rate, BANDS, frames)

    def letters(self) -> Mapping[str, int]:
        """The number of classes, of bands and of moments."""
        return {**super().letters(), "bands": self.bands, "frames": self.frames}

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads bands.

        Raises:
            InputError: Its input is not the data's.
        """
        if size is not None:
            raise InputError("how many bands and moments are heard follows from the sounds; leave `size` out")
        return fitted(network, self, opened, recipe)

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> Augment | None:
        """Slower and faster, earlier and later, higher and lower, noise, and parts unheard."""
        changes = parsed(USUAL if wanted == AUTO else wanted)
        legal = [one.word for one in parsed(USUAL)]
        if unknown := [one.word for one in changes if one.word not in legal]:
            raise InputError(f"augment '{unknown[0]}' is for images; for sounds there are {', '.join(legal)}")
        if not changes or fitted.recipe is None:
            return None
        usual = {one.word: one.amount or 0.0 for one in parsed(USUAL)}
        amount = {one.word: usual[one.word] if one.amount is None else one.amount for one in changes}
        spoken = Spoken(
            round(amount.get("shift", 0)),
            amount.get("bands", 0.0),
            amount.get("stretch", 0.0),
            round(amount.get("cutout", 0)),
            background_of(fitted.recipe),
        )
        noise = Noise(amount["noise"]) if amount.get("noise") else None
        return chained(spoken if spoken.written() else None, noise)

    # what is told

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Sound files, folders of some, and arrays of samples."""
        flat = [one for some in given for one in (some if isinstance(some, list | tuple) else [some])]
        names, inputs, notes, left_out = list[str](), list[Fields](), list[str](), list[LeftOut]()
        each = [path for one in flat for path in _paths(one)]
        for number, one in enumerate(each, 1):
            try:
                wave = read_wave(one) if isinstance(one, Path) else of_samples(one, self.rate, f"array {number}")
            except WaveError as error:
                if bad == "refuse" or len(each) == 1:
                    raise
                left_out.append(_unreadable(Path(str(one)), error.reason))
                continue
            name = str(one) if isinstance(one, Path) else f"array {number}"
            names.append(name)
            inputs.append({IMAGE: torch.from_numpy(heard(at_rate(wave, self.rate).samples, self.ears))[None]})
            notes += self._told(name, wave)
        if not names:
            why = f"; {left_out_said(left_out)}" if left_out else ""
            raise InputError(f"{TAKES}. Received: none{why}")
        notes += [left_out_said(left_out)] if left_out else []
        return Asked(names, inputs, tuple(notes), tuple(left_out))

    def _told(self, name: str, wave: Wave) -> list[str]:
        """What there is to say of a sound."""
        rate = [f"{wave.rate:,} Hz brought to {self.rate:,}"] if wave.rate != self.rate else []
        silent = ["it is silence, in which there is no word"] if wave.silent else []
        told = [*wave.notes, *rate, *silent]
        return [f"{name}: {', '.join(told)}"] if told else []

    def meaning(self) -> tuple[Any, ...]:
        """The classes, and how it hears."""
        return self.classes, self.ears

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Prediction]:
        """The most probable words, and of some sounds what was heard, as a picture."""
        found = super().answers(outputs, asked, net)
        return [
            dataclasses.replace(one, pictures={"": png(spectrum(asked.inputs[row][IMAGE][0, 0].numpy()))})
            if row < DRAWN
            else one
            for row, one in enumerate(found)
        ]

    def seen(self, x: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The bands, without their changes."""
        return spectrum(x[0])

    def heated(self, x: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The bands, without their changes, and the places that decided."""
        from striate.report.heat import heated

        low, high = float(x[0].min()), float(x[0].max())
        picture = heated((x[0] - low) / max(high - low, 1e-9), heat)
        return picture.repeat(TIMES, 0).repeat(TIMES, 1)

    def _opened(
        self, found: SoundSet, waves: Mapping[Path, Facts], left_out: Sequence[LeftOut], notes: Sequence[str]
    ) -> Opened:
        place = {label: k for k, label in enumerate(self.classes)}
        kept = {part: [one for one in some if one.path in waves] for part, some in found.parts.items()}
        total = sum(map(len, kept.values())) * 4 * int(np.prod(self.ears.shape))
        told = [*found.notes, *(f"{found.name}: {note}" for note in notes), *self._of_rates(found, waves)]
        told.append(
            f"{found.name}: {self.bands} bands of up to {self.frames / 100:g} s, with their changes"
            + ("; they are read from the files in every epoch" if total > lazy.MEMORY else "")
        )
        tables = {part: self._table(some, place, total > lazy.MEMORY) for part, some in kept.items()}
        train = tables["train"]
        return Opened(
            found.name,
            found.source,
            Schema({IMAGE: Image()}, {LABEL: Label(len(self.classes))}),
            train,
            tables.get("test"),
            tables.get("validation"),
            tuple(told),
            tuple(left_out),
            strata=[place[one.label] for one in kept["train"]],
            sha256=digest_of(train, tables.get("validation")),
        )

    def _table(self, entries: Sequence[Entry], place: Mapping[str, int], in_files: bool) -> Table:
        names = tuple(str(one.path) for one in entries)
        labels = torch.tensor([place[one.label] for one in entries], dtype=torch.int64)
        if in_files:
            images = Lazy(names, partial(heard_in, ears=self.ears), self.ears.shape)
            return Table({IMAGE: images, LABEL: labels}, names)
        made = [heard_in(one.path, self.ears) for one in entries]
        return Table({IMAGE: torch.from_numpy(np.stack(made)), LABEL: labels}, names)

    def _of_rates(self, found: SoundSet, waves: Mapping[Path, Facts]) -> list[str]:
        others = Counter(wave.rate for wave in waves.values() if wave.rate != self.rate)
        said = ", ".join(f"{count:,} of {rate:,} Hz" for rate, count in sorted(others.items()))
        return [f"{found.name}: {said} brought to {self.rate:,} Hz"] if said else []

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedLabels:
        """How a network does on labelled sounds."""
        return JudgedSounds(name, examples, rows, figures, self.unit, self.classes)


@dataclass(frozen=True, eq=False)
class JudgedSounds(JudgedLabels):
    """A network's answers on labelled sounds."""

    def wrong(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """What was heard of them, without its changes."""
        found, heat = super().wrong(rows, root, notes)
        images = (self.examples.take([row])[IMAGE][0, 0].numpy() for row in rows)
        drawn = [dataclasses.replace(one, image=spectrum(image)) for one, image in zip(found, images, strict=True)]
        return drawn, heat


def heard_in(path: Path, ears: Ears) -> NDArray[np.float32]:
    """What is heard in a file.

    Raises:
        ImageError: It can't be read.
    """
    try:
        return heard(at_rate(read_wave(path), ears.rate).samples, ears)
    except WaveError as error:
        raise ImageError(path, error.reason, is_image=False) from None


def _read(found: SoundSet, bad: str) -> tuple[dict[Path, Facts], list[LeftOut], list[str]]:
    """The sounds that can be read, the others, and what was seen of them.

    Raises:
        InputError: None to train on can be read, or one can't and that is refused.
    """
    waves, left_out = dict[Path, Facts](), list[LeftOut]()
    for one in (one for some in found.parts.values() for one in some):
        try:
            waves[one.path] = read_wave(one.path).facts
        except WaveError as error:
            if bad == "refuse":
                raise
            left_out.append(_unreadable(one.path, error.reason))
    for part, some in found.parts.items():
        if not any(one.path in waves for one in some):
            raise InputError(f"none of {len(some):,} sounds to {part} can be read; the first: {left_out[0]}")
    kinds = Counter(note for wave in waves.values() for note in wave.notes)
    notes = [f"{count:,} of {note}, made one channel of floats" for note, count in sorted(kinds.items())]
    silent = sum(wave.silent for wave in waves.values())
    notes += [f"{so_many(silent, 'sounds')} {'is' if silent == 1 else 'are'} silence"] if silent else []
    return waves, left_out, notes + ([left_out_said(left_out)] if left_out else [])


def _unreadable(path: Path, reason: str) -> LeftOut:
    return LeftOut(str(path), f"{UNREADABLE}{path.suffix}", reason)


def _paths(one: Any) -> list[Any]:
    """The files of a folder; a file, or samples, as they are."""
    if not isinstance(one, str | Path):
        return [one]
    path = Path(one)
    if not path.exists():
        raise InputError(f"no file or folder '{one}'; {TAKES}")
    if not path.is_dir():
        return [path]
    if not (found := sounds.sounds_under(path)):
        raise InputError(f"no sound in '{one}'; {TAKES}")
    return list(found)
