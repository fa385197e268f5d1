import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.data import Dataset, load
from striate.data.image import decode
from striate.errors import InputError

Draw = Callable[..., Path]


def noted(found: Dataset, *words: str) -> bool:
    return any(all(word in note for word in words) for note in found.notes)


def test_classes_sizes_colour_and_paths_are_inferred(classes: Path) -> None:
    found = load(classes)
    assert found.test is not None
    assert found.classes == ("cat", "dog")
    assert found.name == "pets"
    assert found.source == str(classes)
    assert found.train.images.shape[1:] == (3, 10, 12)
    assert found.train.images.dtype == torch.uint8
    assert found.train.labels.dtype == torch.int64
    assert len(found.train) + len(found.test) == 30
    for split in (found.train, found.test):
        for path, label, image in zip(split.paths, split.labels, split.images, strict=True):
            assert Path(path).parent.name == found.classes[label]
            assert np.array_equal(image.numpy(), decode(Path(path), channels=3))
    assert noted(found, "30 images of 2 classes, 3x10x12")


def test_a_test_set_is_held_out_by_file_name_and_stays_the_same(classes: Path, draw: Draw, tmp_path: Path) -> None:
    first = load(classes).test
    assert first is not None
    assert first.labels.bincount().tolist() == [3, 2]
    assert noted(load(classes), "held out 5 images as test, about 15%", "by file name")
    copy = tmp_path / "elsewhere"
    shutil.copytree(classes, copy)
    second = load(copy).test
    assert second is not None
    assert [Path(path).name for path in first.paths] == [Path(path).name for path in second.paths]


def test_nothing_is_held_out_on_request(classes: Path) -> None:
    found = load(classes, hold_out=False)
    assert found.test is not None
    assert len(found.train) == len(found.test) == 30
    assert noted(found, "both training and test")


@pytest.mark.parametrize("name", ["test", "val", "valid", "validation", "Test"])
def test_train_and_test_folders_are_the_split(classes: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "data"
    shutil.copytree(classes, root / "train")
    shutil.copytree(classes, root / name)
    shutil.rmtree(root / name / "dog")
    found = load(root)
    assert found.test is not None
    assert len(found.train) == 30
    assert found.test.labels.tolist() == [0] * 20
    assert all(f"/{name}/" in path for path in found.test.paths)
    assert noted(found, f"the test set is {name}/")


def test_what_is_not_used_is_said(classes: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("train", "test", "val", "extra"):
        shutil.copytree(classes, root / name)
    assert noted(load(root), "not used: extra/, val/")


def test_train_alone_is_held_out_from(classes: Path, tmp_path: Path) -> None:
    shutil.copytree(classes, tmp_path / "data" / "train")
    found = load(tmp_path / "data")
    assert found.classes == ("cat", "dog")
    assert noted(found, "held out 5 images")


def test_train_may_be_a_class(draw: Draw, tmp_path: Path) -> None:
    for i in range(4):
        draw(tmp_path / "train" / f"{i}.png", i)
        draw(tmp_path / "plane" / f"{i}.png", i)
    assert load(tmp_path).classes == ("plane", "train")


def test_test_without_train(classes: Path, tmp_path: Path) -> None:
    shutil.copytree(classes, tmp_path / "data" / "test")
    with pytest.raises(InputError, match=r"has test/ and no train/; give '.*/data/test' itself"):
        load(tmp_path / "data")
    assert load(tmp_path / "data" / "test").classes == ("cat", "dog")


def test_a_class_that_only_the_test_has(classes: Path, tmp_path: Path) -> None:
    shutil.copytree(classes, tmp_path / "data" / "train")
    shutil.copytree(classes, tmp_path / "data" / "test")
    (tmp_path / "data" / "test" / "cat").rename(tmp_path / "data" / "test" / "cats")
    with pytest.raises(InputError, match=r"a class 'cats' that '.*train' has not; did you mean 'cat'"):
        load(tmp_path / "data")


def test_grey_files_are_one_channel(draw: Draw, tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(3):
            draw(tmp_path / name / f"{i}.png", i, mode="L")
    assert load(tmp_path).train.images.shape[1:] == (1, 10, 12)
    assert load(tmp_path, shape=(3, 32, 32)).train.images.shape[1:] == (1, 10, 12)  # repeated by the recipe
    draw(tmp_path / "a" / "colour.png", 9)
    assert load(tmp_path).train.images.shape[1:] == (3, 10, 12)


def test_grey_pictures_in_colour_files_are_one_channel(draw: Draw, tmp_path: Path) -> None:
    for name in ("a", "b"):
        for i in range(3):
            path = draw(tmp_path / name / f"{i}.png", i)
            Image.open(path).convert("L").convert("RGB").save(path)
    assert load(tmp_path).train.images.shape[1:] == (1, 10, 12)


def test_a_grey_network_gets_luminance(classes: Path) -> None:
    found = load(classes, shape=(1, 32, 32))
    assert found.train.images.shape[1:] == (1, 10, 12)
    assert np.array_equal(found.train.images[0].numpy(), decode(Path(found.train.paths[0]), channels=1))


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        ((3, 10, 12), (10, 12)),
        ((3, 32, 32), (10, 12)),  # smaller, and all alike: the recipe pads or resizes
        ((3, 8, 8), (8, 8)),
        ((3, 8, 32), (8, 32)),
        ((3, None, None), (10, 12)),
        ((3, 100), (10, 12)),  # not for images: told by `infer`
        (None, (10, 12)),
    ],
)
def test_images_of_one_size(classes: Path, shape: tuple[int | None, ...] | None, form: tuple[int, int]) -> None:
    found = load(classes, shape=shape)
    assert found.train.images.shape[2:] == form
    assert noted(found, "scaled to cover") == (form != (10, 12))


@pytest.mark.parametrize(
    ("shape", "form"), [((3, 32, 24), (32, 24)), ((3, 5, 5), (5, 5)), (None, (64, 64)), ((3, None, None), (64, 64))]
)
def test_images_of_several_sizes(
    classes: Path, draw: Draw, shape: tuple[int | None, ...] | None, form: tuple[int, int]
) -> None:
    draw(classes / "cat" / "large.png", 1, size=(90, 70))
    found = load(classes, shape=shape)
    assert found.train.images.shape[2:] == form
    assert noted(found, f"each scaled to cover {form[0]}x{form[1]} and cut to its middle")


def test_bad_files_are_left_out_and_named(classes: Path) -> None:
    (classes / "cat" / "text.png").write_text("words")
    (classes / "cat" / "empty.jpg").touch()
    (classes / "dog" / "loop.png").symlink_to("loop.png")
    whole = (classes / "dog" / "00.png").read_bytes()
    (classes / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (classes / "dog" / "notes.txt").write_text("ignored")
    (classes / "dog" / ".DS_Store").write_text("ignored")
    found = load(classes)
    assert found.test is not None
    assert len(found.train) + len(found.test) == 30
    note = found.notes[-1]
    assert "left out 4 that cannot be read" in note
    for name in ("text.png (not an image)", "empty.jpg", "loop.png (too many levels", "cut.png"):
        assert name in note
    assert "\n" not in note


def test_at_most_five_bad_files_are_named(classes: Path) -> None:
    for i in range(12):
        (classes / "cat" / f"bad{i:02}.png").touch()
    note = load(classes).notes[-1]
    assert "left out 12 that" in note
    assert note.count("not an image") == 5
    assert note.endswith("and 7 more")


def test_bad_files_can_be_refused(classes: Path) -> None:
    assert load(classes, bad="refuse").classes == ("cat", "dog")
    (classes / "dog" / "bad.png").touch()
    with pytest.raises(InputError, match=r"cannot read the image '.*/dog/bad.png' \(not an image\)"):
        load(classes, bad="refuse")


def test_a_link_back_to_the_folder_is_left_out(classes: Path) -> None:
    (classes / "loop").symlink_to(classes, target_is_directory=True)
    (classes / "cat" / "up").symlink_to(classes, target_is_directory=True)
    found = load(classes)
    assert found.classes == ("cat", "dog")
    assert noted(found, "30 images")
    assert noted(found, "left out 1 that", "loop")


def test_a_class_may_be_a_link(classes: Path, tmp_path: Path) -> None:
    root = tmp_path / "linked"
    root.mkdir()
    for name in ("cat", "dog"):
        (root / name).symlink_to(classes / name, target_is_directory=True)
    assert noted(load(root), "30 images of 2 classes")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is empty"):
        load(tmp_path)


def test_a_folder_of_text_files(tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/2.txt", "b/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"no image in .*only 3 other files, such as '.*/a/1.txt'"):
        load(tmp_path)


def test_images_without_class_folders(draw: Draw, tmp_path: Path) -> None:
    for i in range(3):
        draw(tmp_path / f"{i}.png", i)
    for _ in range(2):
        with pytest.raises(InputError, match="holds 3 images, none in a sub-folder; put the images of each class"):
            load(tmp_path)
        for name in ("a", "b"):  # empty ones do not help
            (tmp_path / name).mkdir(exist_ok=True)


def test_one_class(classes: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"only one class, 'pets'.*did you mean '.*/pets'"):
        load(tmp_path)  # the folder around the right one
    shutil.rmtree(classes / "dog")
    with pytest.raises(InputError, match="only one class, 'cat'"):
        load(classes)


def test_a_class_without_a_readable_image(classes: Path) -> None:
    (classes / "eel").mkdir()
    with pytest.raises(InputError, match=r"no readable image in the class '.*/eel'; add some or delete it"):
        load(classes)
    (classes / "eel" / "1.png").touch()
    with pytest.raises(InputError, match=r"the class '.*/eel' \(not an image: '.*/eel/1.png'\)"):
        load(classes)


def test_one_image_a_class(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "a" / "1.png")
    draw(tmp_path / "b" / "1.png")
    with pytest.raises(InputError, match="one readable image a class"):
        load(tmp_path)
    assert len(load(tmp_path, hold_out=False).train) == 2


def test_nothing_is_written(classes: Path) -> None:
    def state() -> dict[str, tuple[int, int, str]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_mode, hashlib.sha256(path.read_bytes()).hexdigest())
            if path.is_file()
            else (path.stat().st_mtime_ns, path.stat().st_mode, "")
            for path in [classes, *classes.rglob("*")]
        }

    for path in [*classes.rglob("*"), classes]:
        os.chmod(path, 0o555 if path.is_dir() else 0o444)
    before = state()
    load(classes, shape=(3, 8, 8))
    assert state() == before
    for path in [classes, *classes.rglob("*")]:
        os.chmod(path, 0o755)


def test_progress_goes_to_standard_error(classes: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load(classes, progress=True)
    assert capfd.readouterr().out == ""


def test_names_with_odd_characters(draw: Draw, tmp_path: Path) -> None:
    for i in range(4):
        draw(tmp_path / "größe 1" / f"ein bild [{i}] #&.png", i)
        draw(tmp_path / "猫" / f"{i}\n.png", i)
    found = load(tmp_path)
    assert found.classes == ("größe 1", "猫")
    raw = os.path.join(os.fsencode(tmp_path), "猫".encode(), b"\xff.png")
    shutil.copy(tmp_path / "猫" / "0\n.png", raw)
    assert len(load(tmp_path, hold_out=False).train) == 9
