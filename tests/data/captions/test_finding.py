"""Captions in the layouts that people have, and what is wrong with some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from striate.data.captions import find, text_of, words_of
from striate.errors import InputError


def pictures(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)


def write(root: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(text.encode(encoding))


def told(root: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = find(root)
    assert found
    return {one.image.name: (one.part, one.captions) for one in found.images}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("captions.tsv", 'image\tsplit\tcaption\na.jpg\ttrain\ta "red" dog\na.jpg\ttrain\ta dog\nb.jpg\tval\ta cat\n'),
        ("captions.txt", 'image,split,caption\na.jpg,train,"a ""red"" dog"\na.jpg,train,a dog\nb.jpg,val,a cat\n'),
        ("data.csv", 'filename;caption_1;caption_2;set\na;"a ""red"" dog";a dog;train\nb.jpg;a cat;;valid\n'),
    ],
)
def test_tables(tmp_path: Path, name: str, text: str) -> None:
    pictures(tmp_path, "images/a.jpg", "images/b.jpg")
    write(tmp_path, name, text)
    assert told(tmp_path) == {"a.jpg": ("train", ('a "red" dog', "a dog")), "b.jpg": ("validation", ("a cat",))}


def test_a_quote_that_is_not_closed_swallows_no_line(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    write(tmp_path, "captions.tsv", 'image\tcaption\na.jpg\t"go" they say\nb.jpg\t"a cat"\n')
    assert told(tmp_path) == {"a.jpg": ("train", ('"go" they say',)), "b.jpg": ("train", ("a cat",))}


def test_flickr(tmp_path: Path) -> None:
    pictures(tmp_path, "Images/1_a.jpg", "Images/2_b.jpg", "Images/3_c.jpg")
    write(
        tmp_path,
        "Flickr8k.token.txt",
        "1_a.jpg#0\ta dog .\n1_a.jpg#1\ta wet dog .\n2_b.jpg#0\ta cat .\n3_c.jpg#0\ta cow .\n",
    )
    write(tmp_path, "Flickr_8k.trainImages.txt", "1_a.jpg\n")
    write(tmp_path, "Flickr_8k.devImages.txt", "2_b.jpg\n")
    write(tmp_path, "Flickr_8k.testImages.txt", "3_c.jpg\n")
    assert {name: part for name, (part, _) in told(tmp_path).items()} == {
        "1_a.jpg": "train",
        "2_b.jpg": "validation",
        "3_c.jpg": "test",
    }
    assert told(tmp_path)["1_a.jpg"][1] == ("a dog .", "a wet dog .")


def test_coco_and_karpathy(tmp_path: Path) -> None:
    pictures(tmp_path / "coco", "train2017/1.jpg", "val2017/2.jpg")
    for part, number in (("train", 1), ("val", 2)):
        held = {
            "images": [{"id": number, "file_name": f"{number}.jpg"}],
            "annotations": [{"image_id": number, "id": 7, "caption": "a dog"}, {"image_id": number, "caption": "dogs"}],
        }
        write(tmp_path / "coco", f"annotations/captions_{part}2017.json", json.dumps(held))
    assert told(tmp_path / "coco") == {
        "1.jpg": ("train", ("a dog", "dogs")),
        "2.jpg": ("validation", ("a dog", "dogs")),
    }
    pictures(tmp_path / "split", "a.jpg", "b.jpg")
    images = [
        {"filename": "a.jpg", "split": "restval", "sentences": [{"raw": "a dog"}]},
        {"filename": "b.jpg", "split": "test", "sentences": [{"raw": "a cat"}]},
    ]
    write(tmp_path / "split", "dataset.json", json.dumps({"images": images}))
    assert told(tmp_path / "split") == {"a.jpg": ("train", ("a dog",)), "b.jpg": ("test", ("a cat",))}


def paths(root: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = find(root)
    assert found
    return {one.image.relative_to(root).as_posix(): (one.part, one.captions) for one in found.images}


@pytest.mark.parametrize("inner", ["", "images/"])
def test_a_file_of_each_part_names_the_images_beside_it(tmp_path: Path, inner: str) -> None:
    pictures(tmp_path, f"train/{inner}1.jpg", f"val/{inner}1.jpg", f"val/{inner}2.jpg")
    write(tmp_path, "train/captions.tsv", "image\tcaption\n1.jpg\ta dog\n2.jpg\ta cow\n")
    write(tmp_path, "val/captions.tsv", "image\tcaption\n1.jpg\ta cat\n")
    assert paths(tmp_path) == {
        f"train/{inner}1.jpg": ("train", ("a dog",)),
        f"val/{inner}1.jpg": ("validation", ("a cat",)),
    }
    with pytest.raises(InputError, match=r"train/captions\.tsv:3 \(there is no image '2\.jpg'\)"):
        find(tmp_path, "refuse")


def test_equal_names_are_told_apart_by_folder_part_or_suffix(tmp_path: Path) -> None:
    pictures(tmp_path, "a/1.jpg", "b/1.jpg", "2.jpg", "2.png", "train/3.jpg", "test/3.jpg")
    rows = "a/1.jpg\ttrain\ta dog\n2.png\ttrain\ta cat\n3.jpg\ttest\ta cow\n1.jpg\ttrain\ta hen\n2\ttrain\ta fox\n"
    write(tmp_path, "captions.tsv", f"image\tsplit\tcaption\n{rows}")
    found = find(tmp_path)
    assert found
    assert paths(tmp_path) == {
        "2.png": ("train", ("a cat",)),
        "a/1.jpg": ("train", ("a dog",)),
        "test/3.jpg": ("test", ("a cow",)),
    }
    assert "several images are called '1.jpg': a/1.jpg, b/1.jpg" in found.notes[-1]
    assert "several images are called '2': 2.jpg, 2.png" in found.notes[-1]


def test_what_can_t_be_used_is_left_out_and_named(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    write(tmp_path, "captions.tsv", "image\tcaption\na.jpg\ta dog\na.jpg\t\nb.jpg\t \nlost.jpg\ta cat\n")
    found = find(tmp_path)
    assert found
    assert [one.image.name for one in found.images] == ["a.jpg"]
    kinds = {one.kind for one in found.left_out}
    assert kinds == {"empty caption", "annotations without an image", "image without captions"}
    assert "'lost.jpg'" in found.notes[-1]
    with pytest.raises(InputError, match=r"captions\.tsv:3 \(of a\.jpg\); correct it"):
        find(tmp_path, "refuse")


@pytest.mark.parametrize(
    ("name", "text", "captions", "fault"),
    [
        ("a.csv", "image,caption\na,a dog, a cat\na,a cow,\n", ("a dog, a cat", "a cow"), ""),
        ("a.csv", "image,caption,split\na,a dog, a cat,train\n", ("a dog, a cat",), ""),
        ("a.csv", "\nimage,caption\na,a dog\n", ("a dog",), ""),
        ("a.txt", "a.jpg#0\ta dog\na.jpg 1 a cat\n\n", ("a dog",), "a.txt:2 (of a.jpg 1 a cat)"),
        (
            "a.json",
            '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, "caption": null},'
            '{"image_id": [1], "caption": 5}, {"image_id": "1", "caption": "a dog"}]}',
            ("a dog",),
            "a.json:0 (of a.jpg), a.json:1 (of [1])",
        ),
        (
            "a.json",
            '[{"id": null, "image": "a", "captions": ["a dog", null]}, {"image": "a", "caption": null},{"image": "a"}]',
            ("a dog",),
            "a.json:0 (of a), a.json:1 (of a)",
        ),
    ],
)
def test_broken_captions_are_told(tmp_path: Path, name: str, text: str, captions: tuple[str, ...], fault: str) -> None:
    pictures(tmp_path, "a.jpg")
    write(tmp_path, name, text)
    found = find(tmp_path)
    assert found
    assert [one.captions for one in found.images] == [captions]
    assert ", ".join(str(one) for one in found.left_out if one.kind == "empty caption") == fault


def test_a_caption_that_is_a_book_is_told(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg")
    write(tmp_path, "captions.tsv", f"image\tcaption\na.jpg\ta dog\na.jpg\t{'é ' * 700}\na.jpg\t{'a b ' * 500}\n")
    found = find(tmp_path)
    assert found
    assert [len(one.captions) for one in found.images] == [2]
    assert [str(one) for one in found.left_out if one.kind == "long caption"] == [
        "captions.tsv:3 (of a.jpg: 2,099 bytes, and 2,000 at most)"
    ]


def test_hidden_folders_are_not_read_and_broken_files_are_told(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg")
    write(tmp_path, "captions.tsv", "image\tcaption\na.jpg\ta dog\n")
    write(tmp_path, ".old/captions.tsv", "image\tcaption\na.jpg\ta cat\n")
    write(tmp_path, "more/notes.json", "{")
    found = find(tmp_path)
    assert found
    assert [one.captions for one in found.images] == [("a dog",)]
    (told,) = (one for one in found.left_out if one.kind == "unreadable .json")
    assert str(told).startswith("more/notes.json ('more/notes.json' is no JSON")
    with pytest.raises(InputError, match=r"'more/notes\.json' is no JSON"):
        find(tmp_path, "refuse")


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg", "b.jpg")
    assert find(tmp_path) is None
    write(tmp_path, "captions.tsv", "image\tcaption\na.jpg\tdog .\nb.jpg\tdog !\n")
    with pytest.raises(InputError, match="have one word between them"):
        find(tmp_path)
    write(tmp_path, "captions.tsv", "image\tcaption\nlost.jpg\tdog .\n")
    with pytest.raises(InputError, match=r"no image under .*there is no image 'lost\.jpg'"):
        find(tmp_path)
    write(tmp_path, "captions.tsv", "image\tcaption\na.jpg\t\nb.jpg\t\n")
    with pytest.raises(InputError, match="no image under"):
        find(tmp_path)
    write(tmp_path, "captions.json", "{")
    with pytest.raises(InputError, match=r"'captions\.json' is no JSON"):
        find(tmp_path)


@pytest.mark.parametrize(("encoding", "note"), [("utf-16", "it is UTF-16"), ("cp1252", "read as Windows-1252")])
def test_other_encodings_are_read_and_said(tmp_path: Path, encoding: str, note: str) -> None:
    pictures(tmp_path, "a.jpg")
    write(tmp_path, "captions.tsv", "image\tcaption\na.jpg\tein schöner Hund\n", encoding)
    found = find(tmp_path)
    assert found
    assert found.images[0].captions == ("ein schöner Hund",)
    assert any(note in one for one in found.notes)


def test_captions_that_are_no_text(tmp_path: Path) -> None:
    pictures(tmp_path, "a.jpg")
    (tmp_path / "captions.tsv").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(InputError, match="it is binary"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("Một người đàn ông .", ("một", "người", "đàn", "ông", ".")),
        ("Mo\u0323\u0302t ngu\u031bo\u031b\u0300i", ("một", "người")),
        ("एक कुत्ता दौड़ रहा है।", ("एक", "कुत्ता", "दौड़", "रहा", "है", "।")),
        ("一只狗 。", ("一", "只", "狗", "。")),
        ("He said: “it's 3.5 m!”", ("he", "said", ":", "“", "it's", "3.5", "m", "!", "”")),
        (" \u200b ", ()),
    ],
)
def test_words_of_any_language(caption: str, words: tuple[str, ...]) -> None:
    assert words_of(caption) == words
    assert words_of(text_of(words)) == words
