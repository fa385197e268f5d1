"""A folder that was read before comes from the cache, and a change of any kind is seen."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from striate.data import Dataset, load, many
from striate.data.many import Stamp
from striate.data.workers import Workers
from striate.errors import InputError

Draw = Callable[..., Path]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest folder is kept, however young its files are."""
    monkeypatch.setattr(many, "WORTH", 1)
    monkeypatch.setattr(many, "SETTLED", 0.0)


def from_cache(found: Dataset) -> bool:
    return any("read from the cache (made 20" in note for note in found.notes)


def same(first: Dataset, second: Dataset) -> bool:
    pairs = ((first.train, second.train), (first.test, second.test))
    return all(torch.equal(a.images, b.images) and a.paths == b.paths for a, b in pairs if a and b)


def test_the_second_time_it_comes_from_the_cache(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (classes / "cat" / "bad.png").write_text("no image")
    first = load(classes)
    monkeypatch.setattr(many.Workers, "each", lambda *_, **__: iter([(None, "not an image")]))  # for bad.png, each time
    second = load(classes)
    assert (from_cache(first), from_cache(second)) == (False, True)
    assert sum("read from the cache" in note for note in second.notes) == 1
    assert same(first, second)
    assert second.left_out == first.left_out
    with pytest.raises(InputError, match=r"bad\.png"):
        load(classes, bad="refuse")


def test_how_it_is_decoded_matters_and_what_for_does_not(classes: Path, cache: Path) -> None:
    load(classes, shape=(3, 32, 32))
    assert from_cache(load(classes, shape=(3, 10, 12), hold_out=False))  # a test after a training
    small = load(classes, shape=(3, 8, 8))
    assert small.train.images.shape[2:] == (8, 8)
    assert load(classes, shape=(1, 32, 32)).train.images.shape[1] == 1
    assert load(classes, shape=(3, 32, 32)).train.images.shape[1:] == (3, 10, 12)
    assert len(list((cache / "decoded").iterdir())) == 4  # sizes; and three ways to decode


def _edited(root: Path) -> None:
    path = root / "cat" / "03.png"
    with Image.open(path) as image:
        Image.eval(image, lambda value: 255 - value).save(path)


def _edited_in_secret(root: Path) -> None:
    """As many bytes, and the time of modification set back."""
    path = root / "cat" / "03.png"
    before, data = path.stat(), bytearray(path.read_bytes())
    path.write_bytes((root / "cat" / "04.png").read_bytes().ljust(len(data), b"\0")[: len(data)])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(root: Path) -> None:
    before = (root / "cat" / "03.png").stat()
    os.utime(root / "cat" / "04.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(root / "cat" / "04.png", root / "cat" / "03.png")


def _mended(root: Path) -> None:
    shutil.copy(root / "dog" / "00.png", root / "dog" / "bad.png")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": _edited,
    "edited in secret": _edited_in_secret,
    "replaced": _replaced,
    "added": lambda root: shutil.copy(root / "cat" / "00.png", root / "cat" / "99.png"),
    "removed": lambda root: (root / "cat" / "05.png").unlink(),
    "renamed": lambda root: (root / "cat" / "05.png").rename(root / "cat" / "98.png"),
    "moved to another class": lambda root: (root / "cat" / "05.png").rename(root / "dog" / "05.png"),
    "exchanged": lambda root: [
        (root / "cat" / a).rename(root / "cat" / b) for a, b in (("01.png", "x"), ("02.png", "01.png"), ("x", "02.png"))
    ],
    "class renamed": lambda root: (root / "cat").rename(root / "lynx"),
    "damaged": lambda root: (root / "cat" / "05.png").write_text("no image"),
    "mended": _mended,
    "made a link": lambda root: [
        (root / "cat" / "05.png").unlink(),
        (root / "cat" / "05.png").symlink_to(root / "dog" / "05.png"),
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_seen(classes: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (classes / "dog" / "bad.png").write_text("no image")
    load(classes)
    time.sleep(0.02)  # a tick of the file system's clock
    CHANGES[change](classes)
    found = load(classes)
    monkeypatch.setenv("STRIATE_CACHE_GIB", "0")
    fresh = load(classes)
    assert not from_cache(found)
    assert same(found, fresh)
    assert found.classes == fresh.classes
    assert found.left_out == fresh.left_out


def test_a_folder_that_was_moved_whole_is_the_same(classes: Path) -> None:
    load(classes)
    (classes.parent / "elsewhere").mkdir()
    shutil.move(classes, classes.parent / "elsewhere" / "pets")
    assert from_cache(load(classes.parent / "elsewhere" / "pets"))


def test_what_could_not_be_read_is_tried_again(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been for want of memory."""
    real = Image.open

    def scarce(file: object, *args: object, **options: object) -> Image.Image:
        if str(getattr(file, "name", file)).endswith("07.png"):
            raise MemoryError
        return real(file, *args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Image, "open", scarce)
        assert len(load(classes).left_out) == 2
        assert from_cache(load(classes))
    assert not load(classes).left_out


def test_young_and_few_bytes_are_not_kept(classes: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "SETTLED", 3600.0)
    load(classes)
    monkeypatch.setattr(many, "SETTLED", 0.0)
    monkeypatch.setattr(many, "WORTH", 1 << 20)
    load(classes)
    assert not (cache / "decoded").exists()


def test_what_changes_while_it_is_read_is_not_kept(classes: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Workers.each

    def each(self: Workers, *args: object, **options: object) -> object:
        yield from real(self, *args, **options)  # type: ignore[arg-type]
        _edited(classes)

    monkeypatch.setattr(Workers, "each", each)
    load(classes)
    assert not (cache / "decoded").exists()


def test_a_damaged_entry_is_made_again(classes: Path, cache: Path) -> None:
    first = load(classes)
    for path in (cache / "decoded").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    second = load(classes)
    assert not from_cache(second)
    assert same(first, second)
    assert from_cache(load(classes))


def test_a_cache_that_cannot_be_written_is_one_line(classes: Path, cache: Path) -> None:
    (cache / "decoded").write_text("a file where the folder should be")
    found = load(classes)
    assert len(found.train) == 25
    lines = [note for note in found.notes if "not kept" in note]
    assert len(lines) == 1
    assert str(cache) in lines[0]


def test_large_images_are_decoded_here_and_come_in_order(
    classes: Path, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cat/00", "cat/10", "dog/05"):
        draw(classes / f"{name}.png", 1, size=(90, 70))
    (classes / "cat" / "11.png").write_text("no image")
    expected = load(classes, shape=(3, 16, 16))
    monkeypatch.setattr(many, "LARGE", 1000)
    monkeypatch.setenv("STRIATE_CACHE_GIB", "0")
    asked = []
    real = Workers.each

    def each(self: Workers, work: object, paths: list[Path], *, here: bool = False) -> object:
        asked.append((here, [path.name for path in paths]))
        return real(self, work, paths, here=here)  # type: ignore[arg-type]

    monkeypatch.setattr(Workers, "each", each)
    assert same(load(classes, shape=(3, 16, 16)), expected)
    assert asked[-1] == (True, ["00.png", "10.png", "05.png"])


def test_the_stamp_of_files(tmp_path: Path) -> None:
    names = ["a", "b"]
    for name in names:
        (tmp_path / name).write_bytes(b"123")
    paths = [tmp_path / name for name in names]
    stamp = Stamp.of(tmp_path, paths)
    assert (stamp.bytes, stamp) == (6, Stamp.of(tmp_path, paths))
    assert abs(stamp.newest - time.time()) < 100
    assert stamp != Stamp.of(tmp_path, paths[::-1])
    assert stamp != Stamp.of(tmp_path.parent, paths)
    os.utime(tmp_path / "a", (1, 1))
    assert stamp != Stamp.of(tmp_path, paths)
