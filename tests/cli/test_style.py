"""`striate style`: what it prints and writes, how Ctrl-C ends it, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from striate.styling.descent import Descent
from tests.styling import small

Cli = Callable[..., Any]


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A content, a style and a small network."""
    monkeypatch.chdir(tmp_path)
    small.smooth((40, 56)).save("content.png")
    small.striped((48, 48), small.RED, across=True).save("style.jpg")
    small.weights(tmp_path)
    return [
        "style",
        "content.png",
        "style.jpg",
        "--network",
        small.TEXT,
        "--from",
        "weights.safetensors",
        "--steps",
        "3",
    ]


def test_a_picture_is_made(cli: Cli, words: list[str]) -> None:
    ended = cli(*words)
    assert ended.status == 0
    assert ended.out.startswith("distance to the style 0.")
    assert ended.out.endswith("picture: style.png\n")
    assert "steps, at most: 3 at 56 pixels" in ended.err
    with Image.open("style.png") as image:
        assert (image.format, image.size) == ("PNG", (56, 40))
    facts = cli(*words, "--out", "made.jpg", "--colour", "keep", "--seed", 3, "--start", "noise", "--json").json
    assert (facts["picture"], facts["size"], facts["stopped"], len(facts["styles"])) == ("made.jpg", [40, 56], "", 1)
    assert Path("made.jpg").is_file()


def test_several_styles_with_masks(cli: Cli, words: list[str]) -> None:
    for name, value in (("left", 0), ("right", 255)):
        mask = Image.new("L", (56, 40), value)
        mask.paste(255 - value, (0, 0, 28, 40))
        mask.save(f"{name}.png")
    masked = ["--mask", "left.png", "--mask", "right.png", "--weights", "0.7,0.3"]
    ended = cli(*words[:3], "content.png", *words[3:], *masked)
    assert ended.status == 0
    assert ended.out.split(";")[0].count(",") == 1


def test_ctrl_c_keeps_the_picture(cli: Cli, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Descent, x: torch.Tensor, value: float) -> None:
        self.looks += 1
        if self.looks > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Descent, "_note", stop)
    ended = cli(*words)
    assert ended.status == 1
    assert "stopped by Ctrl-C: style.png holds what there is" in ended.err
    assert Path("style.png").is_file()


def test_a_picture_that_is_read_is_not_written_over(cli: Cli, words: list[str]) -> None:
    before = Path("content.png").read_bytes()
    ended = cli(*words, "--out", "content.png")
    assert ended.status == 2
    assert "'content.png' is read, so it is not written over" in ended.error
    assert Path("content.png").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--weights", "0.7;0.3"], "--weights takes a number for each style, as in --weights 0.7,0.3"),
        (["--weights", "0.7,0.3"], "--weights are a number for each style"),
        (["--color", "keep"], "did you mean '--colour'?"),
        (["--colour", "matc"], "did you mean 'match'?"),
        (["--tv-weight", "1"], "did you mean '--smooth'?"),
        (["--mask", "content.png", "--mask", "content.png"], "each style has one mask, or none has"),
        (["--mask", "style.jpg"], "a mask has the content's 40x56 pixels"),
        (["--out", "made.pgn"], "end its name with .png or .jpg"),
        (["--layers", "conv9"], "no layer 'conv9'; there are conv1"),
        (["--steps", "0"], "steps must be from 1"),
        (["--device", "gpu"], "no device 'gpu'"),
    ],
)
def test_wrong_words_are_refused(cli: Cli, words: list[str], more: list[str], said: str) -> None:
    ended = cli(*words, *more)
    assert ended.status == 2
    assert said in ended.error
    assert not Path("style.png").exists()


def test_other_names_lead_here(cli: Cli) -> None:
    assert "did you mean 'style'?" in cli("stylize", "a.png", "b.png").error
