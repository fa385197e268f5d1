"""A network that learns one style: what it learns from, how it is judged, what it answers, what is refused."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import striate as st
from striate.checking.checker import check
from striate.errors import InputError
from striate.losses.style import apart, gram
from striate.page.seeing import of_run
from striate.tasks import known, stylize
from striate.tasks.perceiving import Eyes
from striate.tasks.stylize import EDGE, Stylize
from striate.tasks.task import Wish
from striate.training.fields import OUTPUT
from tests.styling import small

NET = "input 3x32x32 -> conv 6@3 stride 2 pad 1 -> in -> relu -> upsample 2 -> conv 3@3 pad 1 -> sigmoid"


@pytest.fixture(autouse=True)
def tiny_eyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are compared by a tiny network, which needs no file."""

    def eyes() -> Eyes:
        model = st.build(small.TEXT, seed=0).requires_grad_(False)
        return Eyes(model, (0.5,) * 3, (0.25,) * 3, "tiny", ("relu1", "relu2"))

    monkeypatch.setattr(stylize, "squeezenet", eyes)
    monkeypatch.setattr(stylize, "STYLE", ("relu1", "relu2"))
    monkeypatch.setattr(stylize, "CONTENT", ("relu2",))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photographs of several sizes, and a style elsewhere."""
    for part, count in (("train", 4), ("test", 2)):
        (tmp_path / "photos" / part).mkdir(parents=True)
        for number in range(count):
            small.smooth((50, 41 + 2 * number), seed=10 * count + number).save(
                tmp_path / "photos" / part / f"{number}.png"
            )
    small.striped((60, 40), small.RED, across=True).save(tmp_path / "style.png")
    return tmp_path / "photos"


def trained(photos: Path, out: str = "run", **how: Any) -> st.Run:
    options: dict[str, Any] = {"style": photos.parent / "style.png", "epochs": 2, "batch": 2, "device": "cpu"} | how
    return st.train(NET, photos, out=photos.parent / out, quiet=True, **options)


def test_the_loss_is_that_of_its_definition(photos: Path) -> None:
    task, opened = known.opened(str(photos), Wish(style=str(photos.parent / "style.png")), "stylize")
    assert isinstance(task, Stylize)
    made, photo = torch.rand(2, 3, 20, 24), torch.rand(2, 3, 20, 24)
    parts = task.loss({OUTPUT: made}, {"photo": photo})
    eyes = task.eyes
    style = torch.from_numpy(task.picture)[None].float() / 255
    seen, wanted, drawn = (eyes.see(one) for one in (made, photo, style))
    content = [float(apart(seen["relu2"], wanted["relu2"])[row]) for row in (0, 1)]
    each = [
        [float(apart(gram(seen[name])[row : row + 1], gram(drawn[name]))) for name in ("relu1", "relu2")]
        for row in (0, 1)
    ]
    assert float(parts["content"]) == pytest.approx(np.mean(content), rel=1e-5)
    assert float(parts["style"]) == pytest.approx(stylize.WEIGHT * np.mean(each), rel=1e-5)
    assert len(opened.train) + len(opened.test or ()) == 6


def test_it_gets_nearer_to_the_style_and_keeps_the_photograph(photos: Path) -> None:
    """With a style that counts four times as much as content, the distance to that was 0.45; 1 is nothing of it."""
    run = trained(photos, epochs=30, lr=0.01)
    result = run.test()
    assert result["style_distance"] < 0.7 * result["style_before"]
    assert result["content_distance"] < 0.38
    assert result["distance"] == pytest.approx(result["content_distance"] + stylize.WEIGHT * result["style_distance"])
    assert "engine torch: images of any size go through at once" in run.config["decisions"]
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert "distance to the style" in page
    assert "The style, style.png" in page


def test_it_goes_on_without_the_styles_file(photos: Path) -> None:
    whole = trained(photos, "whole", epochs=3, schedule="constant")
    trained(photos, "parts", epochs=2, schedule="constant")
    (photos.parent / "style.png").unlink()
    again = st.resume(photos.parent / "parts", epochs=3, quiet=True)
    assert [epoch.figures for epoch in again.history.epochs] == [epoch.figures for epoch in whole.history.epochs]
    assert again.task == whole.task


def test_it_answers_with_pictures_of_any_size(photos: Path) -> None:
    run = trained(photos)
    clear = small.smooth((33, 57)).convert("RGBA")
    clear.putalpha(Image.fromarray(np.tile(np.arange(57, dtype=np.uint8) * 4, (33, 1))))
    clear.save(photos.parent / "clear.png")
    (answer,) = run.predict(photos.parent / "clear.png")
    with Image.open(io.BytesIO(answer.pictures[""])) as image:
        assert (image.size, image.mode) == ((57, 33), "RGBA")
        assert image.getchannel("A").tobytes() == clear.getchannel("A").tobytes()
    assert run.predict(small.smooth((5, 7)))[0].values == {"size": [5, 7]}
    Image.fromarray(np.arange(30 * 20, dtype=np.uint16).reshape(20, 30) * 100).save(photos.parent / "deep.png")
    assert run.predict(photos.parent / "deep.png")[0].picture.shape == (3, 20, 30)


def test_a_photograph_goes_through_at_once(photos: Path) -> None:
    """An instance norm of pieces would show where they meet: the answer is the network's for the whole."""
    run, photo = trained(photos), small.smooth((64, 96), seed=5)
    x = torch.from_numpy(np.asarray(photo, np.float32).transpose(2, 0, 1) / 255)[None]
    with torch.inference_mode():
        wanted = run.model()(torch.nn.functional.pad(x, (EDGE,) * 4, mode="reflect"))[..., EDGE:-EDGE, EDGE:-EDGE]
    made = run.predict(photo)[0].picture
    assert np.abs(made - 255 * wanted[0].numpy()).max() <= 0.51


def test_zeros_beyond_the_edge_are_not_seen(photos: Path) -> None:
    """Six layers that look four pixels far each: what is uniform stays so up to its edges."""
    task, _ = known.opened(str(photos), Wish(style=str(photos.parent / "style.png")), "stylize")
    model = st.build("input 3x?x? -> [conv 3@9 pad 4 -> sigmoid]*6", seed=0)
    with torch.no_grad():
        made = task.through(lambda fields: {OUTPUT: model(fields["image"])}, {"image": torch.full((1, 3, 40, 50), 0.6)})
    assert made[OUTPUT].shape == (1, 3, 40, 50)
    assert float((made[OUTPUT].amax((2, 3)) - made[OUTPUT].amin((2, 3))).max()) < 1e-5


def test_a_style_beside_the_photographs_is_none_of_them(photos: Path) -> None:
    (photos.parent / "style.png").rename(photos / "style.png")
    task, opened = known.opened(str(photos), Wish(), "stylize")
    assert isinstance(task, Stylize)
    assert task.style == "style.png"
    assert len(opened.train) + len(opened.test or ()) == 6
    assert Stylize.open(str(photos), Wish()) is None


def test_photographs_are_checked_as_pictures_without_classes(photos: Path) -> None:
    found = check(photos, task="stylize")
    assert (found.examples, found.findings) == (6, ())


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"style": "", "task": "stylize"}, "which style"),
        ({"style": "gone.png"}, "cannot read the image 'gone.png'"),
        ({"task": "restore"}, "style is for the task stylize, not for restore; leave it out"),
        ({"engine": "native"}, "stylize looks at images of any size at once; take `engine='torch'`"),
        ({"net": "input 1x32x32 -> conv 3@3 pad 1"}, "reads 1 channels; a style has colours"),
        ({"net": "input 3x32x32 -> conv 4@3 pad 1"}, "gives 4x32x32, and a picture has 3 maps"),
        ({"net": "input 3x32x32 -> conv 3@3 stride 2 pad 1"}, "maps must be as large as the image"),
        ({"loss": "l1"}, "stylize has one loss, its own"),
        ({"style": "red.png"}, "style red.png is of one colour"),
    ],
)
def test_what_is_refused(photos: Path, monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], said: str) -> None:
    monkeypatch.chdir(photos.parent)
    Image.new("RGB", (30, 30), (200, 30, 30)).save("red.png")
    options: dict[str, Any] = {"net": NET, "style": "style.png", "epochs": 1, "quiet": True} | how
    with pytest.raises(InputError, match=said):
        st.train(options.pop("net"), photos, **options)


def test_the_live_page_has_the_photograph_beside_what_is_made(photos: Path) -> None:
    run = trained(photos)
    page, photo = of_run(run), small.smooth((32, 32), seed=3).convert("RGB")
    picture = np.array(Image.open(io.BytesIO(page.look(photo, [0]).picture)))
    assert page.halves
    np.testing.assert_array_equal(picture[:, :32], np.array(photo))
    (made,) = run.predict(photo)
    np.testing.assert_allclose(picture[:, 32:].transpose(2, 0, 1), made.picture, atol=1)
