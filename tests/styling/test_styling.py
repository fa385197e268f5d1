"""A transfer with a tiny network: nearer to the style, each style where its mask is, colours, what is refused."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

import striate as st
from striate.errors import InputError, WorkError
from striate.losses.style import apart, gram
from striate.styling.colours import chroma
from striate.styling.descent import Descent
from striate.styling.opening import chosen
from striate.styling.styled import Styled
from striate.styling.work import Work
from striate.tasks.perceiving import before_reductions
from striate.weights import published
from tests.styling import small

SQUEEZENET = Path(os.environ.get("STRIATE_DATA", "")) / "squeezenet" / "squeezenet-v1.0.npz"
SIZE = (40, 56)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the tiny network."""
    return small.weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def made(weights: Path) -> Any:
    """`style` by that network, a few steps."""

    def style(*pictures: Any, **options: Any) -> Styled:
        options = {"network": small.TEXT, "weights": weights, "steps": 25, "quiet": True, **options}
        return st.style(*pictures, **options)

    return style


CONTENT = small.smooth(SIZE)
STRIPES = small.striped(SIZE, small.RED, across=True)
OTHER = small.striped((64, 64), small.BLUE, across=False)


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1) / 255)


def far(weights: Path, image: Image.Image, style: Image.Image) -> float:
    """The distance of a picture to a style, measured anew."""
    found = chosen(small.TEXT, weights)
    with torch.no_grad():
        seen, wanted = (found.eyes.see(pixels(one)[None]) for one in (image, style))
        each = [float(apart(gram(seen[name]), gram(wanted[name]))) for name in found.style]
    return float(np.mean(each))


def test_the_picture_gets_nearer_to_the_style_and_still_shows_the_content(made: Any, weights: Path) -> None:
    result = made(CONTENT, STRIPES)
    assert (result.image.size, result.image.mode, result.stopped) == (CONTENT.size, "RGB", "")
    assert far(weights, result.image, STRIPES) < 0.3 * far(weights, CONTENT, STRIPES)
    assert result.styles[0] == pytest.approx(far(weights, result.image, STRIPES), rel=0.1)  # rounded to 256 levels
    assert made(CONTENT, STRIPES, style_weight=0.01).content < 0.2 * result.content
    assert "steps, at most: 25 at 56 pixels" in result.notes


def test_the_share_decides_between_styles(made: Any) -> None:
    first = made(CONTENT, STRIPES, OTHER, shares=[0.95, 0.05], style_weight=50)
    second = made(CONTENT, STRIPES, OTHER, shares=[0.05, 0.95], style_weight=50)
    assert first.styles[0] < second.styles[0]
    assert first.styles[1] > second.styles[1]


def test_each_style_holds_where_its_mask_is(made: Any, weights: Path) -> None:
    halves = np.zeros((2, 64, 96), np.uint8)
    halves[0, :, :48], halves[1, :, 48:] = 255, 255
    content = small.smooth((64, 96))
    result = made(content, STRIPES, OTHER, masks=[Image.fromarray(half) for half in halves], style_weight=50, steps=40)
    sides = (result.image.crop((0, 0, 48, 64)), result.image.crop((48, 0, 96, 64)))
    for side, own, other in ((sides[0], STRIPES, OTHER), (sides[1], OTHER, STRIPES)):
        assert far(weights, side, own) < 0.5 * far(weights, side, other)


def test_what_no_mask_covers_stays(made: Any) -> None:
    mask = np.zeros(SIZE, np.uint8)
    mask[:, :16] = 255
    result = made(CONTENT, STRIPES, masks=[Image.fromarray(mask)], smooth=0)
    changed = (pixels(result.image) - pixels(CONTENT)).abs().mean((0, 1))
    assert changed[:16].mean() > 0.05
    assert changed[40:].mean() < 0.03
    assert "where no mask is white, no style holds: the content stays as it is there" in result.notes


def test_the_content_keeps_its_chroma(made: Any) -> None:
    result = made(CONTENT, STRIPES, colour="keep")
    apart_by = chroma(pixels(result.image).double()) - chroma(pixels(CONTENT).double())
    assert float(apart_by.abs().max()) <= 0.5001 / 255
    assert np.abs(np.asarray(result.image, int) - np.asarray(CONTENT, int)).mean() > 5


def test_the_style_gets_the_contents_colours(made: Any) -> None:
    wanted = pixels(CONTENT).mean((1, 2))
    own, matched = (pixels(made(CONTENT, STRIPES, colour=colour).image).mean((1, 2)) for colour in ("style", "match"))
    assert (matched - wanted).abs().max() < 0.5 * (own - wanted).abs().max()


def test_sizes_and_the_pyramid(made: Any) -> None:
    result = made(small.smooth((150, 300)), STRIPES, size=256, steps=6, start="noise")
    assert result.image.size == (256, 128)
    assert "steps, at most: 6 at 128 pixels, 3 at 256 pixels" in result.notes
    assert "the result has 128x256 pixels, the content 150x300; `size` is its longer side" in result.notes


def test_noise_is_the_seeds(made: Any) -> None:
    first, again, other = (made(CONTENT, STRIPES, start="noise", seed=seed, steps=2).image for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_transparency_stays_and_pictures_are_upright(made: Any, tmp_path: Path) -> None:
    clear = CONTENT.convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.arange(SIZE[1], dtype=np.uint8) * 4, (SIZE[0], 1))))
    clear.save(tmp_path / "clear.png")
    result = made(tmp_path / "clear.png", STRIPES, steps=1, out=tmp_path / "made.png")
    with Image.open(tmp_path / "made.png") as image:
        assert image.mode == "RGBA"
        assert image.getchannel("A").tobytes() == clear.getchannel("A").tobytes()
    result.save(tmp_path / "made.jpg")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    CONTENT.save(tmp_path / "turned.jpg", exif=exif)
    assert made(tmp_path / "turned.jpg", STRIPES, steps=1).image.size == SIZE


def test_ctrl_c_keeps_what_there_is(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Descent, x: torch.Tensor, value: float) -> None:
        before(self, x, value)
        if self.looks == 5:
            raise KeyboardInterrupt

    before = Descent._note
    monkeypatch.setattr(Descent, "_note", stop)
    result = made(CONTENT, STRIPES, out=tmp_path / "made.png")
    assert result.stopped == "Ctrl-C"
    assert 0 < result.looks < 25
    with Image.open(tmp_path / "made.png") as image:
        assert image.tobytes() == result.image.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["made.png"]


def test_previews_are_written(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr("striate.styling.work.SECONDS", 0.0)
    monkeypatch.setattr(Work, "_keep", lambda self: kept.append(self.looks))
    made(CONTENT, STRIPES, steps=4)
    assert len(kept) > 4


def test_a_run_compares_pictures(trained: st.Run) -> None:
    result = st.style(CONTENT, STRIPES, network=trained, layers="conv1", steps=2, quiet=True)
    assert "style by conv1" in " ".join(result.notes)
    with pytest.raises(InputError, match="a run has its own weights"):
        st.style(CONTENT, STRIPES, network=trained, weights="weights.npz", quiet=True)
    with pytest.raises(InputError, match="a run has its own weights"):
        st.style(CONTENT, STRIPES, weights=trained.path, quiet=True)


def write(folder: Path) -> None:
    CONTENT.save(folder / "content.png")
    STRIPES.save(folder / "stripes.png")
    Image.new("RGB", (30, 30), (200, 30, 30)).save(folder / "red.png")
    Image.new("L", (20, 20), 255).save(folder / "mask.png")
    Image.new("L", SIZE[::-1], 0).save(folder / "black.png")
    small.smooth((1, 2)).save(folder / "speck.png")
    (folder / "words.png").write_text("words")


REFUSED: list[tuple[list[str], dict[str, Any], str]] = [
    (["content.png"], {}, "a style is needed"),
    (["gone.png", "stripes.png"], {}, r"cannot read the image 'gone.png' \(no such file or directory\)"),
    (["content.png", "words.png"], {}, r"cannot read the image 'words.png' \(not an image\)"),
    (["content.png", "red.png"], {}, "style red.png is of one colour"),
    (
        ["content.png", "stripes.png"],
        {"masks": ["mask.png"]},
        r"a mask has the content's 40x56 pixels .*Received: mask.png of 20x20",
    ),
    (["content.png", "stripes.png"], {"masks": ["black.png"]}, "mask black.png is black"),
    (["content.png", "stripes.png"], {"masks": ["mask.png"] * 2}, "each style has one mask, or none has"),
    (["content.png", "stripes.png"], {"layers": "relu9"}, "no layer 'relu9'"),
    (["speck.png", "stripes.png"], {}, "1x2 pixels are too small"),
    (["content.png", "stripes.png"], {"colour": "kepe"}, "no colour 'kepe'; did you mean 'keep'?"),
    (["content.png", "stripes.png"], {"shares": [1, 2]}, "`shares` are a number for each style"),
    (["content.png", "stripes.png"], {"shares": [0]}, "not all 0"),
    (["content.png", "stripes.png"], {"shares": [-1]}, "must be from 0"),
    (["content.png", "stripes.png"], {"size": 4}, "size must be from 16"),
    (["content.png", "stripes.png"], {"steps": 0}, "steps must be from 1"),
    (["content.png", "stripes.png"], {"style_weight": "much"}, "style_weight must be a number"),
    (["content.png", "stripes.png"], {"start": "zeros"}, "starts from content or noise"),
    (["content.png", "stripes.png"], {"out": "made.gif"}, "can't be saved as 'made.gif'"),
    (["content.png", "stripes.png"], {"weights": None}, "is a network without weights; give a file of them"),
    (["content.png", "stripes.png"], {"network": "kim-cnn"}, "does not read one picture"),
    (["content.png", "stripes.png"], {"weights": "gone.npz"}, "gone.npz"),
]


@pytest.mark.parametrize(("pictures", "options", "said"), REFUSED)
def test_what_is_refused(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: list[str], options: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    with pytest.raises(InputError, match=said):
        made(*pictures, **options)
    assert not list(tmp_path.glob("made*"))


def test_a_file_that_can_not_be_written(made: Any, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="there is no folder"):
        made(CONTENT, STRIPES, out=tmp_path / "gone" / "made.png")


def test_where_squeezenets_weights_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    monkeypatch.setattr("striate.data.fetch.cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setitem(published.fetch.BASES, "squeezenet", (tmp_path / "nowhere").as_uri() + "/")
    with pytest.raises(WorkError, match=r"squeezenet1_0-b66bff10\.pth .*or give a file of its weights with `weights`"):
        st.style(CONTENT, STRIPES, quiet=True)
    (tmp_path / "squeezenet").mkdir()
    (tmp_path / "squeezenet" / "squeezenet-v1.0.npz").touch()
    assert published.squeezenet_weights() == tmp_path / "squeezenet" / "squeezenet-v1.0.npz"


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("vgg16", ["c3_2.relu1", "c3_4.relu1", "c3_7.relu1", "c3_10.relu1", "c3_13.relu1"]),
        ("resnet18", ["relu1", "basic2.relu1", "basic3.relu1", "basic4.relu1", "basic5.relu1"]),
    ],
)
def test_layers_that_other_networks_are_compared_by(name: str, layers: list[str]) -> None:
    assert before_reductions(st.build(name, "zeros"), (3, 224, 224)) == layers


@pytest.mark.slow
@pytest.mark.skipif(not SQUEEZENET.is_file(), reason=f"no {SQUEEZENET} under $STRIATE_DATA")
def test_squeezenet_takes_a_style() -> None:
    content, wanted = small.smooth((96, 96)), small.smooth((96, 96), seed=1, spots=20)
    few, more = (st.style(content, wanted, steps=steps, quiet=True) for steps in (1, 40))
    assert more.styles[0] < 0.5 * few.styles[0]
    assert "squeezenet: style by relu1, fire1, fire3, fire5, fire7; content by fire5" in more.notes
