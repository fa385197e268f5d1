"""What is shown of data is what the feed of a training gives, with its scaling undone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate import data
from striate.checking.showing import COPIES, show
from striate.cli import _status, striate
from striate.errors import InputError
from striate.tasks.detect import Detect
from tests import boxed, written


def test_what_is_shown_are_the_images_themselves_and_their_moved_copies() -> None:
    found = show("digits", "input 1x8x8 -> conv 4@3 -> fc 10", augment="shift", count=3)
    images = data.load("digits").train.images
    assert isinstance(images, torch.Tensor)
    known = {image.numpy().tobytes() for image in images}
    for row in found.rows:
        plain = np.rint(row[0] * 255).astype(np.uint8)
        assert plain[None].tobytes() in known
        assert len(row) == 1 + COPIES
        moves = [np.roll(np.pad(row[0], 1), (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
        for copy in row[1:]:
            assert any(np.allclose(copy, moved[1:-1, 1:-1], atol=1e-5) for moved in moves)


def test_boxes_and_masks_are_drawn_where_the_changes_have_moved_them(tmp_path: Path) -> None:
    """A box's edge has its class's colour, in the image as it is and in each changed copy."""
    root = boxed.voc(tmp_path / "boxes", {"train": 6, "test": 2})
    found = show(root, count=2, size=boxed.SIZE)
    colours = np.array(Detect(classes=boxed.CLASSES, size=boxed.SIZE).colours) / 255
    for row in found.rows:
        for picture in row:
            assert any((np.abs(picture - colour).max(2) < 1e-3).sum() > 10 for colour in colours)
    written.cells(tmp_path / "cells", 6, 2)
    masked = show(tmp_path / "cells", count=1)
    assert len(masked.rows[0]) == 1 + COPIES


def test_the_command_draws_and_sentences_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "some.png"
    words = ["data", "show", "digits", "--count", "2", "--out", str(out)]
    assert _status(lambda: striate.main(words, standalone_mode=False)) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    (tmp_path / "films.tsv").write_text("good\ta fine film\nbad\ta dull film\n" * 8)
    with pytest.raises(InputError, match="what is shown are images"):
        show(tmp_path / "films.tsv", "kim-cnn")


def test_the_status_of_a_check_says_whether_there_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8), np.arange(20) % 2
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    words = ["data", "check", str(tmp_path / "a.npz"), "--json"]
    assert _status(lambda: striate.main(words, standalone_mode=False)) == 0
    labels[3] = 200
    np.savez(tmp_path / "a.npz", images=images, labels=labels)
    capsys.readouterr()
    assert _status(lambda: striate.main(words, standalone_mode=False)) == 1
    assert '"kind": "label out of range"' in capsys.readouterr().out


def test_pictures_of_several_sizes_are_shown_with_what_is_made_of_them(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for number in range(4):
        pixels = chance.integers(0, 256, (30 + number, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    found = show(tmp_path, "input 3x12x12 -> conv 12@3 pad 1 -> shuffle 2", degrade="bicubic:2", count=3)
    assert {len(row) for row in found.rows} == {1 + COPIES}
    assert {row[0].shape[:2] for row in found.rows} <= {((30 + number) // 2, 20) for number in range(4)}
    assert {picture.shape for row in found.rows for picture in row[1:]} == {(12, 12, 3)}
