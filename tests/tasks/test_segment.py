"""What a run on masks says of images of any kind and size, and of what is none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import striate as st
from striate.runs import run as module
from tests import written

NET = "input 1x16x16 -> conv 4@3 pad 1 -> bn -> relu -> conv 2@3 pad 1"
FORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{f"{mode}.tif": lambda image, mode=mode: image.convert(mode) for mode in ("RGB", "RGBA", "LA", "CMYK", "I")},
    "P.png": lambda image: image.convert("P"),
    "deep.png": lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 257),
    "floats.tif": lambda image: Image.fromarray(np.asarray(image).astype(np.float32) / 255),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> st.Run:
    """Trained on grey cells."""
    root = tmp_path_factory.mktemp("segment")
    written.cells(root / "data", 16, 8)
    how: dict[str, Any] = {"epochs": 6, "batch": 4, "lr": 0.02, "engine": "torch", "device": "cpu", "quiet": True}
    return st.train(NET, root / "data", out=root / "run", **how)


@pytest.fixture
def cell(run: st.Run) -> Image.Image:
    """A grey image of which it has learned to see the middle."""
    image = Image.open(run.path.parent / "data" / "test" / "images" / "3.png")
    pixels = np.asarray(image).copy()
    pixels[0, :2] = 0, 255  # what is black and white in files of more than 8 bits is then known
    return Image.fromarray(pixels)


def test_forms_of_file_change_no_answer_and_what_is_no_image_is_named(
    run: st.Run, cell: Image.Image, tmp_path: Path
) -> None:
    for name, made in FORMS.items():
        made(cell).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "fake.png").write_text("words")
    (tmp_path / "empty.png").touch()
    cell.save(tmp_path / "a.png")
    asked = st.Run(run.path)
    answers = asked.predict(tmp_path)
    assert sorted(Path(one.path).name for one in answers) == sorted({*FORMS, "a.png"})
    assert 0.05 < answers[0].values["classes"][1]["share"] < 0.5
    for one in answers:
        assert one.said == next(answer.said for answer in answers if answer.path.endswith("a.png")), one.path
    (note,) = [note for note in asked.notes if note.startswith("left out: ")]
    assert all(name in note for name in ("2 unreadable .png, 1 .txt", "empty.png", "fake.png"))
    assert {Path(one.path).name for one in asked.left_out} == {"notes.txt", "fake.png", "empty.png"}


def test_images_in_arrays_have_the_same_masks(run: st.Run, cell: Image.Image, tmp_path: Path) -> None:
    pixels, asked = np.asarray(cell), st.Run(run.path)
    stack = np.stack([pixels, pixels[::-1]])
    np.savez(tmp_path / "x.npz", x=stack)
    (alone,) = asked.predict(pixels)
    for form in (stack, stack[:, None], tmp_path / "x.npz"):
        first, second = asked.predict(form)
        assert np.array_equal(first.mask, alone.mask)
        assert second.mask.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 7), (15, 16), (100, 3)])
def test_an_image_of_any_size_has_a_mask_of_its_size(run: st.Run, cell: Image.Image, size: tuple[int, int]) -> None:
    (answer,) = st.Run(run.path).predict(cell.resize(size[::-1]))
    assert answer.values["size"] == list(size)
    assert (answer.mask.shape, answer.mask.dtype) == (size, np.uint8)
    shares = {one["class"]: one["share"] for one in answer.values["classes"]}
    classes = st.Run(run.path).classes
    assert [(answer.mask == row).mean() for row in range(2)] == pytest.approx([shares[name] for name in classes])
    assert sum(one["share"] for one in answer.values["classes"]) == pytest.approx(1)


def test_many_images_of_one_size_go_through_a_few_at_a_time(
    run: st.Run, cell: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, images = st.Run(run.path), [np.roll(np.asarray(cell), shift, 1) for shift in range(7)]
    together = asked.predict(images)
    seen, outputs = [], st.Run.outputs_by_name

    def counted(self: st.Run, inputs: Any, *how: Any) -> Any:
        seen.append(len(inputs["image"]))
        return outputs(self, inputs, *how)

    monkeypatch.setattr(st.Run, "outputs_by_name", counted)
    monkeypatch.setattr(module, "ENTRIES", 3 * cell.width * cell.height)
    assert [one.said for one in asked.predict(images)] == [one.said for one in together]
    assert seen == [3, 3, 1]
