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
from striate.data.left_out import LeftOut
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
    assert noted(found, "all of it is judged")


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", None, "test"),
        ("Train", "Valid", "Test"),
        ("TRAIN", None, "TEST"),
        ("Training", None, "Testing"),
        ("training", "validation", "evaluation"),
        ("train", "val", None),
        ("train", "valid", "test"),
        ("train", "dev", "test"),
        ("train", None, "tests"),
        ("training_set", None, "test_set"),
        ("training_set/training_set", None, "test_set/test_set"),
        ("seg_train/seg_train", None, "seg_test/seg_test"),
        ("trainset", "valset", "testset"),
        ("train_images", "val_images", "test_images"),
        ("train-data", "validation-data", "test-data"),
        ("trainImages", None, "testImages"),
        ("train", None, "test_images"),
        ("train/images", "val/images", "test/images"),
        ("asl_alphabet_train/asl_alphabet_train", None, "asl_alphabet_test"),
        ("imagenet-train", "imagenet-val", None),
        ("2017_train", "2017_val", "2017_test"),
        ("dataset/train", "dataset/val", "dataset/test"),
        ("images/Training", None, "images/Testing"),
        ("archive-master/dataset/images/TRAIN", None, "archive-master/dataset/images/TEST"),
    ],
)
def test_the_spellings_of_parts(
    draw: Draw, tmp_path: Path, train: str, validation: str | None, test: str | None
) -> None:
    root = tmp_path / "data"
    for folder, count in ((train, 8), (validation, 3), (test, 2)):
        for name in ("cat", "dog") if folder else ():
            for i in range(count):
                draw(root / str(folder) / name / f"{i}.png", i)
    found = load(root)
    assert found.test is not None
    assert found.classes == ("cat", "dog")
    assert (found.validation is None) == (validation is None)
    for part, folder in ((found.train, train), (found.validation, validation), (found.test, test or train)):
        assert part is None or all(f"/{folder}/" in path for path in part.paths)
    assert len(found.test) == (4 if test else 2)
    assert noted(found, f"the test set is {test}/" if test else "held out 2 images as test")
    assert noted(found, f"the validation set is {validation}/") == (validation is not None)
    assert noted(found, "is not the test set") == (test is None)


def test_parts_may_be_within_each_class(draw: Draw, tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        for part, count in (("train", 3), ("val", 1), ("test", 2)):
            for i in range(count):
                draw(tmp_path / name / part / f"{i}.png", i)
    found = load(tmp_path)
    assert found.classes == ("cat", "dog")
    assert [len(part or ()) for part in (found.train, found.validation, found.test)] == [6, 2, 4]


def test_a_folder_that_is_tested_whole_has_its_validation_images_as_test(draw: Draw, tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 1)):
        for name in ("cat", "dog"):
            for i in range(count):
                draw(tmp_path / part / name / f"{i}.png", i)
    found = load(tmp_path, hold_out=False)
    assert found.test is not None
    assert len(found.train) == 6
    assert all("/val/" in path for path in found.test.paths)
    assert noted(found, "its validation images are judged")


def test_the_test_part_may_lack_a_class(classes: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(classes, root / "train")
    shutil.copytree(classes, root / "test")
    shutil.rmtree(root / "test" / "dog")
    found = load(root)
    assert found.test is not None
    assert len(found.train) == 30
    assert found.test.labels.tolist() == [0] * 20


def test_what_is_not_used_is_said(classes: Path, draw: Draw, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("train", "test", "val", "valid", "extra", "TEST_SIMPLE"):
        shutil.copytree(classes, root / name)
    draw(root / "seg_pred" / "1.png")
    found = load(root)
    assert noted(found, "not used: TEST_SIMPLE/, extra/, seg_pred/, valid/")
    assert LeftOut("seg_pred/", "folder not used", "no class folders in it") in found.left_out


def test_images_without_labels_are_no_test(classes: Path, draw: Draw, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(classes, root / "train")
    draw(root / "test" / "1.png")
    found = load(root)
    assert noted(found, "not used: test/")
    assert noted(found, "held out 5 images as test")


def test_train_alone_is_held_out_from(classes: Path, tmp_path: Path) -> None:
    shutil.copytree(classes, tmp_path / "data" / "train")
    found = load(tmp_path / "data")
    assert found.classes == ("cat", "dog")
    assert noted(found, "held out 5 images")


@pytest.mark.parametrize("other", ["plane", "test", "validation"])
def test_train_may_be_a_class(draw: Draw, tmp_path: Path, other: str) -> None:
    for i in range(4):
        draw(tmp_path / "train" / f"{i}.png", i)
        draw(tmp_path / other / f"{i}.png", i)
    found = load(tmp_path)
    assert found.classes == tuple(sorted((other, "train")))
    assert noted(found, "if they are parts, put a folder for each class in them") == (other != "plane")


def test_train_may_be_a_class_with_folders_in_it(draw: Draw, tmp_path: Path) -> None:
    for i in range(4):
        for name in ("bus/a", "car/a", "train/steam", "train/electric"):
            draw(tmp_path / name / f"{i}.png", i)
    assert load(tmp_path).classes == ("bus", "car", "train")
    draw(tmp_path / "test" / "steam" / "1.png")  # two parts that go together, beside which others are not used
    draw(tmp_path / "test" / "electric" / "1.png")
    assert load(tmp_path).classes == ("electric", "steam")


@pytest.mark.parametrize(("name", "part"), [("val", "validation"), ("Test", "test")])
def test_a_part_may_be_beside_the_classes(draw: Draw, tmp_path: Path, name: str, part: str) -> None:
    for i in range(4):
        for place in ("cat", "dog", f"{name}/cat", f"{name}/dog"):
            draw(tmp_path / place / f"{i}.png", i)
    found = load(tmp_path)
    assert found.classes == ("cat", "dog")
    held = getattr(found, part)
    assert len(held) == 8
    assert all(f"/{name}/" in path for path in held.paths)
    assert not any(f"/{name}/" in path for path in found.train.paths)


def test_train_may_be_a_class_with_a_few_sorted_images(draw: Draw, tmp_path: Path) -> None:
    for i in range(4):
        draw(tmp_path / "plane" / f"{i}.png", i)
        draw(tmp_path / "train" / f"{i}.png", i)
    draw(tmp_path / "train" / "thumbnails" / "1.png")
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
    with pytest.raises(InputError, match=r"a class 'cats' that '.*train' lacks; did you mean 'cat'"):
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
    assert noted(found, "1x10x12; colour files are made grey, for the network reads one channel")


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
    ("shape", "form"), [((3, 32, 24), (32, 24)), ((3, 5, 5), (5, 5)), (None, (10, 12)), ((3, None, None), (10, 12))]
)
def test_images_of_several_sizes(
    classes: Path, draw: Draw, shape: tuple[int | None, ...] | None, form: tuple[int, int]
) -> None:
    draw(classes / "cat" / "large.png", 1, size=(90, 70))
    found = load(classes, shape=shape)
    assert found.train.images.shape[2:] == form
    assert noted(found, f"each scaled to cover {form[0]}x{form[1]} and cut to its middle")


def test_what_is_left_out_is_counted_by_kind_and_named(classes: Path) -> None:
    (classes / "cat" / "text.png").write_text("words")
    (classes / "cat" / "empty.jpg").touch()
    (classes / "dog" / "loop.png").symlink_to("loop.png")
    whole = (classes / "dog" / "00.png").read_bytes()
    (classes / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name in ("dog/notes.txt", "dog/.DS_Store", "dog/README", "labels.txt", "__MACOSX/cat/._00.png", "Thumbs.db"):
        (classes / name).parent.mkdir(parents=True, exist_ok=True)
        (classes / name).write_text("ignored")
    shutil.copy(classes / "dog" / "00.png", classes / "stray.png")
    (classes / "eel").mkdir()
    found = load(classes)
    assert found.test is not None
    assert len(found.train) + len(found.test) == 30
    kinds = {
        "__MACOSX/": "of the system",
        "Thumbs.db": "of the system",
        "cat/empty.jpg": "unreadable .jpg",
        "cat/text.png": "unreadable .png",
        "dog/.DS_Store": "hidden",
        "dog/README": "without suffix",
        "dog/cut.png": "unreadable .png",
        "dog/loop.png": "unreadable .png",
        "dog/notes.txt": ".txt",
        "eel/": "folder without images",
        "labels.txt": ".txt",
        "stray.png": "image in no class folder",
    }
    assert {file.path: file.kind for file in found.left_out} == kinds
    note = found.notes[-1]
    assert "left out: 3 unreadable .png, 1 unreadable .jpg, 2 .txt, 2 of the system, 1 folder without images" in note
    for name in ("text.png (not an image)", "empty.jpg", "eel/ (no image in it)", "stray.png"):
        assert name in note
    assert "\n" not in note


def test_few_are_named_in_the_line_and_all_in_the_data_set(classes: Path) -> None:
    for i in range(70):
        (classes / "cat" / f"bad{i:02}.png").touch()
    found = load(classes)
    assert "left out: 70 unreadable .png; " in found.notes[-1]
    assert found.notes[-1].count("an empty file") == 5
    assert found.notes[-1].endswith("and 65 more")
    assert [file.path for file in found.left_out] == [f"cat/bad{i:02}.png" for i in range(70)]


def test_bad_files_can_be_refused(classes: Path) -> None:
    assert load(classes, bad="refuse").classes == ("cat", "dog")
    (classes / "dog" / "bad.png").touch()
    with pytest.raises(InputError, match=r"cannot read the image '.*/dog/bad.png' \(an empty file\)"):
        load(classes, bad="refuse")


def test_a_link_back_to_the_folder_is_left_out(classes: Path) -> None:
    (classes / "loop").symlink_to(classes, target_is_directory=True)
    (classes / "cat" / "up").symlink_to(classes, target_is_directory=True)
    found = load(classes)
    assert found.classes == ("cat", "dog")
    assert noted(found, "30 images")
    assert [file.path for file in found.left_out] == ["loop/", "cat/up/"]
    assert noted(found, "left out: 2 linked folders", "loop/")


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


@pytest.mark.parametrize("files", [(), ("1.png",), ("1.txt",), ("deep/er/1.png",)])
def test_a_class_without_a_readable_image_is_left_out(classes: Path, files: tuple[str, ...]) -> None:
    (classes / "eel").mkdir()
    for name in files:
        (classes / "eel" / name).parent.mkdir(parents=True, exist_ok=True)
        (classes / "eel" / name).touch()
    found = load(classes)
    assert found.classes == ("cat", "dog")
    assert "eel/" in [file.path for file in found.left_out]
    assert "eel/" in found.notes[-1]
    shutil.rmtree(classes / "cat")
    with pytest.raises(InputError, match=r"only (one|the) class,? 'dog'"):
        load(classes)


def test_a_class_that_cannot_be_learned_is_not_judged(classes: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    for part in ("train", "test"):
        shutil.copytree(classes, root / part)
    shutil.copytree(classes / "dog", root / "test" / "eel")
    (root / "train" / "eel").mkdir()
    (root / "train" / "eel" / "1.png").touch()
    found = load(root)
    assert found.test is not None
    assert (found.classes, len(found.test)) == (("cat", "dog"), 30)
    assert sum(file.kind == "image of a class left out" for file in found.left_out) == 10
    assert [Path(path).parent.name for path in found.test.paths] == ["cat"] * 20 + ["dog"] * 10
    with pytest.raises(InputError, match=r"cannot read the image '.*/train/eel/1.png'"):
        load(root, bad="refuse")


def test_no_class_can_be_read(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("words")
    with pytest.raises(InputError, match=r"no class has images that can be read.*cat/1.png \(not an image\)"):
        load(tmp_path)


def test_classes_and_their_numbers_are_said(classes: Path, draw: Draw, tmp_path: Path) -> None:
    assert noted(load(classes), "classes: cat 20, dog 10")
    for i in range(30):
        for j in range(1 + (i == 7) * 3 + (i != 5)):
            draw(tmp_path / "many" / f"c{i:02}" / f"{j}.png", i + j)
    assert noted(load(tmp_path / "many"), "classes: 30, from c05 (1 image) to c07 (5): c00, c01", "c09, … c29")


def test_one_image_a_class(draw: Draw, tmp_path: Path) -> None:
    draw(tmp_path / "a" / "1.png")
    draw(tmp_path / "b" / "1.png")
    with pytest.raises(InputError, match="one image per class"):
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
