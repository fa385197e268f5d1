"""A run on disk: test it on its own data and on foreign data, predict with it, look at it."""

import dataclasses
import json
import re
import shutil
import webbrowser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from striate import data
from striate.data.ink import Ink
from striate.data.levels import Levels
from striate.errors import InputError, WorkError
from striate.runs.run import Run, source_key
from striate.runs.training import train
from striate.tasks.pictures import AS_THEY_ARE

Drawn = list[tuple[Path, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """100 test digits as a folder with one sub-folder per class."""
    test = data.load("digits").test
    assert test is not None
    for number in range(100):
        path = tmp_path / "foreign" / str(int(test.labels[number])) / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(test.images[number, 0].numpy()).save(path)
    return tmp_path / "foreign"


def test_it_is_opened_as_it_was_trained(trained: Run) -> None:
    again = Run(trained.path)
    assert again.notes == []
    assert again.config == trained.config
    assert again.state.history == trained.state.history
    assert again.name == "net on digits"
    assert again.test() == trained.test()
    assert repr(again).startswith(f"Run({str(trained.path)!r}: net on digits, validation accuracy 0.")


def test_testing_says_accuracy_error_loss_and_how_many(trained: Run) -> None:
    test = data.load("digits").test
    assert test is not None
    outputs = trained.model()(trained.recipe(test.images)).flatten(1).detach()
    result = trained.test()
    assert result.examples == 359
    assert result.accuracy == pytest.approx(float((outputs.argmax(1) == test.labels).double().mean()))
    assert result.error == pytest.approx(1 - result.accuracy)
    assert result.loss == pytest.approx(float(torch.nn.functional.cross_entropy(outputs, test.labels)), rel=1e-4)
    assert repr(result) == (
        f"TestResult(accuracy={result.accuracy}, error={result.error}, loss={result.loss}, examples=359)"
    ), "a matrix would fill the screen"


def test_testing_says_what_is_taken_for_what(trained: Run, folder: Path) -> None:
    """On foreign files: which classes, which files; as plain numbers that JSON can hold."""
    run = Run(trained.path)
    result, split = run.test(folder), run.test_split(folder)
    images, labels = (split.take(range(len(split)))[name] for name in ("image", "label"))
    probabilities = trained.outputs(images).double().softmax(1)
    called = probabilities.argmax(1)
    assert result.confusion == tuple(
        tuple(int(((labels == true) & (called == other)).sum()) for other in range(10)) for true in range(10)
    )
    assert [one.name for one in result.per_class] == list(result.classes) == list(run.classes)
    assert [one.support for one in result.per_class] == labels.bincount(minlength=10).tolist()
    wrong = {split.name(row): probabilities[row].max().item() for row in (called != labels).nonzero().flatten()}
    assert 0 < len(wrong) <= 24
    assert [mistake.image for mistake in result.most_wrong] == sorted(wrong, key=lambda path: -wrong[path])
    first = result.most_wrong[0]
    assert Path(first.image).parent.name == first.true_class != first.label
    assert first.probability == pytest.approx(wrong[first.image])
    value = result.to_json()
    assert json.loads(json.dumps(value)) == value
    for what in ("accuracy", "error", "balanced_accuracy", "majority_share", "calibration_error"):
        assert 0 <= value[what] <= 1, "fractions"


def test_testing_on_one_class_only(trained: Run, folder: Path, tmp_path: Path) -> None:
    for name in "0123456789".replace("7", ""):
        shutil.rmtree(folder / name)
    result = Run(trained.path).test(folder, report=tmp_path / "page.html")
    assert result.score.num_present == 1
    assert result.accuracy == result.per_class[7].recall
    page = (tmp_path / "page.html").read_text()
    assert "tested on foreign" in page
    assert "All of them are 7." in page
    x = np.stack([np.asarray(Image.open(path)) for path in sorted((folder / "7").iterdir())])
    np.savez(tmp_path / "sevens.npz", x=x, y=np.full(len(x), 7))
    assert Run(trained.path).test(tmp_path / "sevens.npz").confusion == result.confusion
    (folder / "7").rename(folder / "seven")
    with pytest.raises(InputError, match="has only one class, 'seven'"):
        Run(trained.path).test(folder)
    np.savez(tmp_path / "elevens.npz", x=x, y=np.full(len(x), 11))
    with pytest.raises(InputError, match="has only one class, '11'"):
        Run(trained.path).test(tmp_path / "elevens.npz")


def test_outputs_that_are_not_finite_are_said(trained: Run, folder: Path) -> None:
    run = Run(trained.path)
    model = run.engine.model
    with torch.no_grad():
        next(model.parameters()).fill_(float("inf"))
    with pytest.raises(WorkError, match=r"the outputs for image .* of foreign are not finite"):
        run.test(folder)


def test_the_report_of_a_training_names_no_folder_and_counts_the_classes(colours: Path, tmp_path: Path) -> None:
    run = train("input 3x12x16 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    text = (run.path / "report.html").read_text()
    assert str(tmp_path) not in text
    assert "striate train" in text
    assert 'class="striate-picture"' in text
    assert "://" not in text
    assert re.search(r'<th scope="row">red</th><td class="n">11</td><td class="n">1</td><td class="n">2</td>', text)
    other = colours.rename(tmp_path / "elsewhere")
    Run(run.path).test(other, report=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert str(tmp_path) not in page
    assert re.search(r'<p class="note">(red|green|blue)/\d\d\.png</p>', page), "the files that it got wrong"


def test_the_model_is_an_ordinary_module(trained: Run) -> None:
    model = trained.model()
    assert not model.training
    assert set(model.state_dict()) == set(trained.state.weights)
    assert torch.equal(model(torch.zeros(2, 1, 8, 8)), Run(trained.path).model()(torch.zeros(2, 1, 8, 8)))


def test_predictions_on_files(trained: Run, drawn: Drawn) -> None:
    predictions = trained.predict(*(path for path, _ in drawn))
    assert [prediction.path for prediction in predictions] == [str(path) for path, _ in drawn]
    right = sum(prediction.label == label for prediction, (_, label) in zip(predictions, drawn, strict=True))
    assert right >= 25
    for prediction in predictions:
        assert len(prediction.top) == 3
        assert prediction.top[0] == (prediction.label, prediction.probability)
        assert [p for _, p in prediction.top] == sorted((p for _, p in prediction.top), reverse=True)
        assert 0 < sum(p for _, p in prediction.top) <= 1 + 1e-6


def test_predictions_are_the_softmax_of_the_network(trained: Run, drawn: Drawn) -> None:
    test = data.load("digits").test
    assert test is not None
    probabilities = trained.model()(trained.recipe(test.images[:30])).flatten(1).softmax(1)
    for prediction, row in zip(trained.predict(drawn[0][0].parent), probabilities, strict=True):
        assert prediction.probability == pytest.approx(float(row.max().detach()), rel=1e-4)
        assert prediction.label == str(int(row.argmax()))


def test_a_folder_is_its_images(trained: Run, drawn: Drawn) -> None:
    (drawn[0][0].parent / "notes.txt").write_text("no image")
    from_folder = trained.predict(drawn[0][0].parent)
    assert [prediction.path for prediction in from_folder] == [str(path) for path, _ in drawn]


def test_predictions_as_json(trained: Run, drawn: Drawn) -> None:
    value = trained.predict(drawn[3][0])[0].to_json()
    assert set(value) == {"path", "class", "probability", "top"}
    assert [set(entry) for entry in value["top"]] == [{"class", "probability"}] * 3
    assert json.loads(json.dumps(value)) == value


def test_two_classes_have_a_top_of_two(tmp_path: Path, colours: Path) -> None:
    shutil.rmtree(colours / "blue")
    run = train("input 3x12x16 -> fc 2", colours, out=tmp_path / "run", epochs=1)
    assert len(run.predict(colours / "red" / "00.png")[0].top) == 2


def test_a_bad_file_among_good_ones_is_left_out_and_named(trained: Run, drawn: Drawn) -> None:
    bad = drawn[5][0]
    bad.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    run = Run(trained.path)
    predictions = run.predict(bad.parent)
    assert len(predictions) == 29
    assert str(bad) not in [prediction.path for prediction in predictions]
    assert any(note.startswith("left out: ") and str(bad) in note for note in run.notes)
    with pytest.raises(InputError, match=bad.name):
        Run(trained.path).predict(bad.parent, bad="refuse")


def test_a_bad_file_alone_is_refused(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a\.png"):
        trained.predict(tmp_path / "a.png")
    with pytest.raises(InputError, match="none of 2 files is an image that can be read; the first: "):
        Run(trained.path).predict(tmp_path)
    with pytest.raises(InputError, match="no file or folder"):
        trained.predict(tmp_path / "c.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no image in"):
        trained.predict(tmp_path / "empty")


def test_foreign_images_of_any_form(trained: Run, tmp_path: Path, drawn: Drawn) -> None:
    """Larger, in colour, black on white: placed as the data's own are."""
    small = np.asarray(Image.open(drawn[2][0]))
    large = Image.fromarray(255 - small).resize((160, 160)).convert("RGB")
    large.save(tmp_path / "large.jpg")
    assert trained.predict(tmp_path / "large.jpg")[0].label == drawn[2][1]


def test_testing_on_a_foreign_folder(trained: Run, folder: Path) -> None:
    test = data.load("digits").test
    assert test is not None
    result = Run(trained.path).test(folder)
    right = trained.outputs(test.images[:100]).argmax(1) == test.labels[:100]
    assert result.examples == 100, "all of it is foreign"
    assert result.accuracy == pytest.approx(float(right.double().mean()))


def test_arrays_are_said_to_be_taken_as_they_are(trained: Run, folder: Path, tmp_path: Path) -> None:
    """A network of centred drawings: image files are centred first, arrays are not."""
    test = data.load("digits").test
    assert test is not None
    np.savez(tmp_path / "digits.npz", x=test.images[:100].numpy(), y=test.labels[:100].numpy())
    run = Run(trained.path)
    run.recipe = dataclasses.replace(run.recipe, ink=Ink(8, (3.5, 3.5)))
    run.test()
    run.test(folder)
    assert AS_THEY_ARE not in run.notes
    for _ in range(2):
        run.test(tmp_path / "digits.npz")
        assert run.notes.count(AS_THEY_ARE) == 1
    plain = Run(trained.path)
    plain.recipe = dataclasses.replace(plain.recipe, ink=None)
    plain.test(tmp_path / "digits.npz")
    assert AS_THEY_ARE not in plain.notes


def test_a_foreign_folder_may_lack_classes_and_may_not_have_others(trained: Run, folder: Path) -> None:
    for name in "3456789":
        shutil.rmtree(folder / name)
    before = Run(trained.path).test(folder)
    assert 0 < before.examples < 100
    (folder / "2").rename(folder / "zwei")
    with pytest.raises(InputError, match=r"foreign has a class 'zwei' that the run has not learned; it knows 0, 1, 2"):
        Run(trained.path).test(folder)


def test_the_training_folder_is_tested_on_what_was_held_out(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train("input 3x12x16 -> fc 3", colours, out=tmp_path / "run", epochs=1)
    held_out = run.test().examples
    assert held_out == 6
    monkeypatch.chdir(colours.parent)
    (tmp_path / "link").symlink_to(colours)
    for same in (colours, "colours", "./colours", "colours/../colours", tmp_path / "link"):
        assert Run(run.path).test(same).examples == held_out, "never on images that it was trained on"
    shutil.copytree(colours, tmp_path / "copy")
    assert Run(run.path).test(tmp_path / "copy").examples == 42


def test_a_place_is_where_the_data_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colours: Path) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(colours.parent))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run = train("input 3x12x16 -> fc 3", "colours", out=tmp_path / "run", epochs=1)
    assert run.config["data"]["source"] == str(colours)
    monkeypatch.delenv("STRIATE_DATA")
    assert Run(run.path).test().examples == 6


def test_keys_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    assert source_key("Digits") == source_key("digits") == "digits"
    assert source_key(Path("digits")) == source_key("./digits") == str(tmp_path / "digits"), "a path is no name"


def test_seeing_opens_the_report(trained: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert trained.see()[0] == trained.path / "report.html"
    assert opened == [(trained.path / "report.html").absolute().as_uri()]
    shutil.copytree(trained.path, tmp_path / "copy")
    (tmp_path / "copy" / "report.html").unlink()
    with pytest.raises(WorkError, match=r"has no report\.html; training was ended before it was written"):
        Run(tmp_path / "copy").see()


def test_a_run_can_be_moved(trained: Run, tmp_path: Path, drawn: Drawn) -> None:
    shutil.copytree(trained.path, tmp_path / "moved")
    assert Run(tmp_path / "moved").predict(drawn[0][0]) == trained.predict(drawn[0][0])


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run at"):
        Run(tmp_path / "nowhere")


def test_either_engine_tests_and_predicts(trained: Run, drawn: list[tuple[Path, str]]) -> None:
    torch_says, native_says = (trained.test(engine=engine) for engine in ("torch", "native"))
    assert native_says.accuracy == torch_says.accuracy
    assert native_says.loss == pytest.approx(torch_says.loss, rel=1e-5)
    paths = [path for path, _ in drawn]
    labels = [[found.label for found in trained.predict(*paths, engine=engine)] for engine in ("torch", "native")]
    assert labels[0] == labels[1]
    with pytest.raises(InputError, match=r"no engine 'natvie'; did you mean 'native'"):
        trained.test(engine="natvie")


def test_the_weights_alone_test_and_predict_anywhere(trained: Run, drawn: Drawn, tmp_path: Path) -> None:
    alone = tmp_path / "far" / "digits.safetensors"
    alone.parent.mkdir()
    shutil.copy(trained.path / "model.safetensors", alone)
    run = Run(str(alone))
    assert run.notes == []
    paths = [path for path, _ in drawn]
    assert run.predict(*paths) == trained.predict(*paths)
    assert run.test() == trained.test()
    assert run.history.best == trained.state.history.best
    assert (run.name, run.classes) == (trained.name, trained.classes)
    with pytest.raises(WorkError, match=r"is the weights of a run alone; the report is in the run's folder$"):
        run.see()


def deep_folder(root: Path, high: int) -> Path:
    """Two classes of 16-bit files that hold 0 to `high`: light above, or below."""
    for label in ("above", "below"):
        (root / label).mkdir(parents=True)
        for number in range(6):
            pixels = np.random.default_rng(number).integers(0, high // 2, (8, 8)).astype(np.uint16)
            pixels[slice(0, 4) if label == "above" else slice(4, 8), :] = high - number
            Image.fromarray(pixels).save(root / label / f"{number}.png")
    return root


def test_files_of_more_than_8_bits_are_read_as_those_that_were_learned_from(tmp_path: Path) -> None:
    run = train("input 1x8x8 -> fc 2", deep_folder(tmp_path / "set", 4095), out=tmp_path / "run", epochs=1)
    assert run.recipe.levels == Levels(whole=(0, 4095))
    dark = deep_folder(tmp_path / "dark", 400)
    assert Run(run.path).test_split(dark).take(range(12))["image"].max() == round(255 * 400 / 4095)
    Image.fromarray(np.full((8, 8), 60_000, np.uint16)).save(tmp_path / "far.png")
    again = Run(run.path)
    assert len(again.predict(tmp_path / "far.png", dark / "above" / "0.png")) == 2
    far = f"'{tmp_path / 'far.png'}'"
    assert again.notes == [
        f"{far} holds 60,000 to 60,000, beyond the 0 to 4,095 that was learned from: cut off there",
        f"{far} is blank",
    ]


def test_the_folder_one_is_in_is_not_what_an_array_run_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = dataclasses.replace(data.load("digits"), source="")
    run = train("input 1x8x8 -> fc 10", digits, epochs=1, out=tmp_path / "run", quiet=True)
    for label in digits.classes[:2]:
        (tmp_path / "images" / label).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (8, 8), 20 * number).save(tmp_path / "images" / label / f"{number}.png")
    monkeypatch.chdir(tmp_path / "images")
    assert run.test(".").examples == 10


@pytest.mark.parametrize("bad", ["refused", ""])
def test_a_word_for_bad_files_that_says_nothing(bad: str, tmp_path: Path) -> None:
    run = train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match="bad is 'skip' or 'refuse'"):
        run.predict(tmp_path, bad=bad)


def test_images_in_memory_are_predicted_as_files_are(folder: Path, tmp_path: Path) -> None:
    run = train("input 1x8x8 -> fc 10", "digits", epochs=2, out=tmp_path / "run", quiet=True)
    path = sorted(folder.rglob("*.png"))[0]
    (expected,) = run.predict(path)
    picture = Image.open(path)
    array = np.asarray(picture.convert("L"))
    forms = [
        picture,
        array,
        array[None],
        array[:, :, None],
        np.stack([array] * 3),
        array / 255.0,
        torch.from_numpy(array.copy()),
    ]
    for form in forms:
        (told,) = run.predict(form)
        assert (told.path, told.label) == ("image 1", expected.label)
        assert told.probability == pytest.approx(expected.probability, abs=1e-3)
    several = run.predict([array, picture], path, array)
    assert [one.path for one in several] == ["image 1", "image 2", str(path), "image 1"]
    assert len({one.label for one in several}) == 1


@pytest.mark.parametrize(
    "odd",
    [
        np.zeros((2, 2, 3, 4, 5)),
        np.zeros((2, 2, 4, 5)),
        np.full((8, 8), 2.0),
        np.array([["a"]]),
        np.full((4, 4), -1),
        None,
        3,
    ],
)
def test_what_is_no_image_in_memory_is_refused(odd: Any, tmp_path: Path) -> None:
    run = train("input 1x8x8 -> fc 10", "digits", epochs=1, out=tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match=r"an image is \(H, W\)"):
        run.predict(odd)
    with pytest.raises(InputError, match="predict takes images"):
        run.predict([])
