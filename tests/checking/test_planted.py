"""Whatever is planted is named with its file, and nothing is named where nothing was planted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from striate.checking import check

Save = Callable[..., Path]
Plant = Callable[[Path, Save], set[str]]


def zero_bytes(root: Path, save: Save) -> set[str]:
    (root / "train/cat/none.jpg").touch()
    return {"train/cat/none.jpg"}


def text_as_image(root: Path, save: Save) -> set[str]:
    (root / "train/cat/words.jpg").write_text("<html>404 not found</html>")
    return {"train/cat/words.jpg"}


def cut_short(root: Path, save: Save) -> set[str]:
    path = save(root / "train/dog/cut.jpg", 900)
    path.write_bytes(path.read_bytes()[:-200])
    return {"train/dog/cut.jpg"}


def turned(root: Path, save: Save) -> set[str]:
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = turn
        save(root / f"train/cat/turned{turn}.jpg", 900 + turn, exif=exif)
    return {f"train/cat/turned{turn}.jpg" for turn in range(2, 9)}


def cmyk(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/print.jpg", 900, mode="CMYK")
    return {"train/cat/print.jpg"}


def deep(root: Path, save: Save) -> set[str]:
    pixels = np.random.default_rng(0).integers(0, 65536, (8, 10)).astype(np.uint16)
    Image.fromarray(np.kron(pixels, np.ones((4, 4), np.uint16))).save(root / "train/dog/deep.png")
    return {"train/dog/deep.png"}


def alpha(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/clear.png", 900, mode="RGBA")
    return {"train/cat/clear.png"}


def animated(root: Path, save: Save) -> set[str]:
    frames = [Image.open(root / f"train/cat/{number}.jpg") for number in range(3)]
    frames[0].rotate(90, expand=True).save(root / "train/cat/moving.gif", save_all=True, append_images=frames[1:])
    return {"train/cat/moving.gif"}


def unicode_name(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/mèo.jpg", 900)
    return {"train/cat/mèo.jpg"}


def link_loop(root: Path, save: Save) -> set[str]:
    (root / "train/cat/again").symlink_to(root / "train")
    return {"train/cat/again/"}


def empty_class(root: Path, save: Save) -> set[str]:
    (root / "train/eel").mkdir()
    return {"train/eel/"}


def single_class(root: Path, save: Save) -> set[str]:
    shutil.rmtree(root / "train/dog")
    shutil.rmtree(root / "test/dog")
    return {"cat"}


def copies(root: Path, save: Save) -> set[str]:
    Image.open(root / "train/cat/0.jpg").save(root / "test/cat/again.png")
    return {"train/cat/0.jpg"}


def nearly(root: Path, save: Save) -> set[str]:
    Image.open(root / "train/dog/13.jpg").resize((80, 64)).save(root / "test/dog/again.jpg", quality=60)
    return {"train/dog/13.jpg"}


def disguised(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/really.png", 900).rename(root / "train/cat/really.jpg")
    return {"train/cat/really.jpg"}


def outlier(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/page.jpg", 900, (600, 800))
    return {"train/cat/page.jpg"}


def relabelled(root: Path, save: Save) -> set[str]:
    shutil.copy(root / "train/cat/1.jpg", root / "train/dog/cat.jpg")
    return {"train/cat/1.jpg"}


def hidden(root: Path, save: Save) -> set[str]:
    save(root / "train/cat/.hidden.jpg", 900)
    return {"train/cat/.hidden.jpg"}


def unknown(root: Path, save: Save) -> set[str]:
    save(root / "test/eel/1.jpg", 900)
    return {"test/eel/1.jpg"}


PLANTED: dict[str, tuple[str, Plant]] = {
    "zero bytes": ("empty file", zero_bytes),
    "text as jpg": ("no image", text_as_image),
    "truncated": ("damaged", cut_short),
    "EXIF 1 to 8": ("turned", turned),
    "CMYK": ("CMYK", cmyk),
    "16 bit": ("16 bit", deep),
    "alpha": ("transparent", alpha),
    "animated": ("animated", animated),
    "unicode name": ("name", unicode_name),
    "symlink loop": ("link", link_loop),
    "empty class": ("empty class", empty_class),
    "single class": ("single class", single_class),
    "duplicates across parts": ("copies across parts", copies),
    "near duplicates across parts": ("copies across parts", nearly),
    "png named jpg": ("disguised", disguised),
    "size": ("size", outlier),
    "another label": ("copies with other labels", relabelled),
    "hidden": ("hidden", hidden),
    "a class of the test alone": ("unknown class", unknown),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_in_a_folder_is_named_with_its_file(name: str, pets: Path, save: Save) -> None:
    kind, plant = PLANTED[name]
    planted = plant(pets, save)
    assert {one.path for one in check(pets).of(kind)} == planted


def test_all_at_once_are_named_and_a_clean_copy_has_nothing(pets: Path, save: Save) -> None:
    assert check(pets).findings == ()
    wanted = {name: (kind, plant(pets, save)) for name, (kind, plant) in PLANTED.items() if name != "single class"}
    before = written(pets)
    found = check(pets)
    for name, (kind, planted) in wanted.items():
        assert planted <= {one.path for one in found.of(kind)}, name
    assert written(pets) == before


def written(root: Path) -> dict[str, int]:
    """All that is there, with the times of its last changes."""
    return {str(path): path.lstat().st_mtime_ns for path in [root, *root.rglob("*")]}


def test_labels_out_of_range_of_an_archive(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    images, labels = chance.integers(0, 256, (60, 8, 8), np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "clean.npz", images=images, labels=labels)
    assert check(tmp_path / "clean.npz").findings == ()
    labels[7] = 255
    images[9] = images[3]
    np.savez(tmp_path / "planted.npz", images=images, labels=labels)
    found = check(tmp_path / "planted.npz")
    assert [one.path for one in found.of("label out of range")] == ["train[7]"]
    assert [(one.path, one.also) for one in found.of("copies")] == [("train[3]", ("train[9]",))]


def test_labels_of_a_table(tmp_path: Path, save: Save) -> None:
    rows = [f"images/{save(tmp_path / f'images/{n}.png', n).name},{' '.join('ab'[: 1 + n % 2])}" for n in range(20)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,labels", *rows]))
    assert check(table).findings == ()
    shutil.copy(tmp_path / "images/2.png", tmp_path / "images/30.png")
    table.write_text("\n".join(["path,labels", *rows, "images/30.png,a b", "images/99.png,a"]))
    found = check(table)
    assert [one.path for one in found.of("missing")] == ["labels.csv:23"]
    assert [one.path for one in found.of("copies with other labels")] == ["images/2.png"]


def test_values_of_masks(tmp_path: Path, save: Save) -> None:
    root = tmp_path / "cells"
    (root / "masks").mkdir(parents=True)
    for number in range(8):
        save(root / f"images/{number}.png", number)
        mask = np.zeros((32, 40), np.uint8)
        mask[number : number + 9, 5:20] = 1 + number % 2
        Image.fromarray(mask).save(root / f"masks/{number}.png")
    assert check(root).findings == ()
    mask[0, 0] = 77
    Image.fromarray(mask).save(root / "masks/7.png")
    (root / "masks/3.png").unlink()
    Image.fromarray(mask[:8]).save(root / "masks/4.png")
    found = check(root)
    assert [one.path for one in found.of("label out of range")] == ["masks/7.png"]
    assert {one.path for one in found.of("no mask")} == {"images/3.png", "masks/4.png"}


def test_sentences(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    lines = [f"{'good' if n % 2 else 'bad'}\tfilm {' '.join(map(str, chance.integers(0, 999, 5)))}" for n in range(20)]
    path = tmp_path / "films.tsv"
    path.write_text("\n".join(lines))
    assert check(path).findings == ()
    label, sentence = lines[4].split("\t")
    other = "good" if label == "bad" else "bad"
    path.write_bytes("\n".join([*lines, "", f"{other}\t{sentence}!", "good\tn\xefve"]).encode("latin-1"))
    found = check(path)
    assert [one.path for one in found.of("empty line")] == ["films.tsv:21"]
    assert [one.path for one in found.of("encoding")] == ["films.tsv"]
    found_again = check(path)
    assert found_again.findings == found.findings
