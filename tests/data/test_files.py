import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from striate.data import formats, images_under
from striate.data.files import counted, found_under, walk
from striate.data.image import decode
from striate.errors import InputError


def _below(path: str | Path, root: Path) -> str:
    return str(path).removeprefix(f"{root}/")


def test_files_are_found_recursively_and_sorted(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.JPG", "a/deep/er/3.webp", "c.tiff"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    others = [".cache/x.png", ".hidden.png", "Thumbs.db", "__MACOSX/x.png", "__pycache__/x.png", "a/._1.png"]
    others += ["a/@eaDir/x.png", "a/notes.txt"]
    for name in others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = found_under([tmp_path])
    assert [_below(path, tmp_path) for path in found.images] == ["a/deep/er/3.webp", "b/1.JPG", "b/2.png", "c.tiff"]
    expected = [name.removesuffix("x.png") for name in others]
    assert [_below(file.path, tmp_path) for file in found.left_out] == expected
    assert images_under([tmp_path]) == list(found.images)


def test_numbers_in_names_count_where_people_see_them(tmp_path: Path) -> None:
    names = ["1/9.png", "1/10.png", "2/1.png", "٣.png", "10/1.png", "img02.png", "img2.png", "img10.png"]
    for name in reversed(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        (tmp_path / f"{name}.txt").touch()
    found = found_under([tmp_path])
    seen = [_below(path, tmp_path) for path in found.images]
    assert seen == names
    assert [_below(file.path, tmp_path) for file in found.left_out] == [f"{name}.txt" for name in names]


def test_the_order_of_training_examples_is_that_of_earlier_versions(tmp_path: Path) -> None:
    for name in ("9.png", "10.png", "1.png"):
        (tmp_path / name).touch()
    assert [path.name for path in walk(tmp_path).images] == ["1.png", "10.png", "9.png"]


@given(st.lists(st.lists(st.sampled_from("0129a/.٣²-"), max_size=6).map("".join)))
def test_any_names_have_one_order(names: list[str]) -> None:
    ordered = [Path(name) for name in sorted(names, key=counted)]
    backwards = ordered[::-1]
    assert sorted(backwards, key=counted) == ordered
    numbers = [int(path.name) for path in ordered if len(path.parts) == 1 and path.name.isdecimal()]
    assert numbers == sorted(numbers)


def test_two_underscores_are_people_s_own(tmp_path: Path) -> None:
    (tmp_path / "__none__").mkdir()
    (tmp_path / "__none__" / "__1__.png").touch()
    assert len(images_under([tmp_path])) == 1


WRITTEN = ".avif .apng .bmp .dds .dib .gif .ico .j2k .jfif .jpf .mpo .msp .pcx .pfm .qoi .rgb .tga .webp .xbm"


@pytest.mark.parametrize("suffix", WRITTEN.split())
def test_what_pillow_reads_is_found(tmp_path: Path, suffix: str) -> None:
    mode = {".xbm": "1", ".msp": "1", ".pfm": "F", ".pcx": "L"}.get(suffix, "RGB")
    path = tmp_path / f"a{suffix.upper()}"
    try:
        Image.new(mode, (32, 32)).save(path, Image.registered_extensions()[suffix])
    except (KeyError, OSError):
        pytest.skip(f"this Pillow does not write {suffix}")
    assert images_under([tmp_path]) == [path]
    assert decode(path, channels=1).shape == (1, 32, 32)


@pytest.mark.parametrize(
    "suffix", [".pdf", ".eps", ".ps", ".mpeg", ".h5", ".grib", ".wmf", ".svg", ".txt", ".npz", ".mp4"]
)
def test_what_is_no_picture_is_counted(tmp_path: Path, draw: Callable[..., Path], suffix: str) -> None:
    image = draw(tmp_path / "1.png")
    (tmp_path / f"a{suffix.upper()}").touch()
    found = found_under([tmp_path])
    assert found.images == (image,)
    assert [file.kind for file in found.left_out] == [suffix]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000", "ICO", "QOI"])
@pytest.mark.parametrize("name", ["scan", "scan.001", "photo.jpg?w=300", "2024.01.01", "photo.jpg_large"])
def test_without_a_telling_suffix_the_content_tells(tmp_path: Path, form: str, name: str) -> None:
    try:
        Image.new("RGB", (16, 16), "red").save(tmp_path / name, form)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow does not write {form}")
    others = {"README": b"P3lican is a word", "Makefile": b"#define a 1\n", "LICENSE": b"", "core": bytes(range(256))}
    for other, content in others.items():
        (tmp_path / other).write_bytes(content)
    found = found_under([tmp_path])
    assert found.images == (tmp_path / name,)
    assert sorted(file.kind for file in found.left_out) == ["without suffix"] * len(others)


def test_heic_is_read_where_its_package_is(tmp_path: Path, draw: Callable[..., Path]) -> None:
    heif = pytest.importorskip("pillow_heif")
    draw(tmp_path / "1.png")
    heif.register_heif_opener()
    Image.new("RGB", (64, 48), (200, 10, 10)).save(tmp_path / "photo.heic", "HEIF")
    assert images_under([tmp_path]) == [tmp_path / "1.png", tmp_path / "photo.heic"]
    assert decode(tmp_path / "photo.heic", channels=3).shape == (3, 48, 64)


def test_heic_without_its_package_is_counted_with_the_way_out(
    tmp_path: Path, draw: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = formats.suffixes() - formats.HEIC
    monkeypatch.setattr("striate.data.files.suffixes", lambda: known)
    draw(tmp_path / "1.png")
    (tmp_path / "photo.HEIC").touch()
    found = found_under([tmp_path])
    assert [file.kind for file in found.left_out] == [".heic (`pip install pillow-heif` reads it)"]


def test_linked_folders_are_read_once_each(tmp_path: Path, draw: Callable[..., Path]) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    draw(root / "a" / "1.png")
    draw(elsewhere / "2.png")
    draw(elsewhere / "deep" / "3.png")
    for name, target in (
        ("a/link", elsewhere),
        ("a/again", elsewhere / "deep"),  # sorted before "link", and read by its own name within that or this
        ("a/a_link", root / "b"),
        ("up", root),
        ("further_up", tmp_path),
    ):
        (root / name).symlink_to(target, target_is_directory=True)
    draw(root / "b" / "4.png")
    (elsewhere / "back").symlink_to(root / "a", target_is_directory=True)
    found = found_under([root])
    assert sorted(path.name for path in found.images) == ["1.png", "2.png", "3.png", "4.png"]
    assert root / "b" / "4.png" in found.images
    left_out = {_below(file.path, root) for file in found.left_out}
    assert left_out >= {"a/a_link/", "up/", "further_up/"}
    assert {file.kind for file in found.left_out} == {"linked folder"}


def test_named_files_come_in_the_order_given_whatever_their_name(tmp_path: Path) -> None:
    names = ["z.png", "scan", ".hidden.png"]
    for name in names:
        (tmp_path / name).touch()
    assert images_under([str(tmp_path / name) for name in names]) == [tmp_path / name for name in names]


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"no file or folder '.*b\.png'"):
        images_under([tmp_path / "a.png", tmp_path / "b.png"])


@pytest.mark.parametrize("paths", [[], ["."]])
def test_nothing_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no image in"):
        images_under(paths)


def test_loops_and_pipes_do_not_hang(tmp_path: Path, draw: Callable[..., Path]) -> None:
    image = draw(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self.png").symlink_to("self.png")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    (tmp_path / "a" / "gone").symlink_to("nowhere")
    found = found_under([tmp_path])
    assert found.images == (image, tmp_path / "a" / "self.png")
    assert [file.kind for file in found.left_out] == ["broken link", "pipe or device", "linked folder"]
