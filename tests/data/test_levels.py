import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data import infer, load, many, read_and_tell
from striate.data.levels import REAL, Extent, Levels, settled
from striate.data.recipe import Recipe
from tests.data import odd

WHOLE = [1, 2, 255, 256, 1023, 1024, 4095, 4096, 16383, 16384, 65535]


def ramp(high: float, low: float = 0, size: int = 16) -> np.ndarray:
    return np.linspace(low, high, size * size).reshape(size, size, 1)


def deep(path: Path, pixels: np.ndarray) -> Path:
    """A 16-bit PNG, or a TIFF of floats when the values are not whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = (pixels == np.rint(pixels)).all()
    path.write_bytes(odd.png(pixels, 16) if whole else odd.tiff(pixels.astype(np.float32), 32, form=3))
    return path


def set_of(root: Path, *highs: float) -> Path:
    for label in ("a", "b"):
        for i, high in enumerate(highs):
            pixels = ramp(high)
            deep(root / label / f"{i}.tif", np.rint(pixels) if high == int(high) and high > 1 else pixels)
    return root


@given(st.lists(st.sampled_from(WHOLE), min_size=1))
def test_whole_numbers_are_of_the_fewest_bits_that_cover_all_files(highs: list[int]) -> None:
    levels, refused, notes = settled({i: Extent("whole", 0, high) for i, high in enumerate(highs)})
    assert not refused
    assert levels
    assert levels.whole
    assert levels.whole[1] >= max(highs)
    assert levels.whole[1] in (1, 255, 1023, 4095, 16383, 65535)
    assert levels.whole[1] < 5 * max(highs) or levels.whole[1] == 255
    assert len(notes) == 1


@given(
    st.sampled_from(["whole", "real"]),
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.booleans()), min_size=1, max_size=6),
)
def test_any_files_are_kept_within_the_range_or_refused(kind: str, drawn: list[tuple[float, float, bool]]) -> None:
    extents = {i: Extent(kind, low, low + more, integral) for i, (low, more, integral) in enumerate(drawn)}
    levels, refused, _ = settled(extents)
    found = levels.of(kind) if levels else None
    assert (found is None) == (len(refused) == len(extents))
    for extent in (extent for file, extent in extents.items() if file not in refused):
        margin = 0.05 * (found[1] - found[0])
        assert found[0] - margin <= extent.low <= extent.high <= found[1] + margin


def test_a_file_that_no_range_holds_is_refused_and_the_others_stay() -> None:
    extents = {"a": Extent("whole", 0, 4000), "b": Extent("whole", -5, 3000), "c": Extent("whole", 0, 900)}
    levels, refused, notes = settled(extents)
    assert levels == Levels(whole=(0, 4095))
    assert list(refused) == ["b"]
    assert "its values go from -5 to 3,000, those of most files from 0 to 4,095; save it as" in refused["b"]
    assert notes == ("2 files of more than 8 bits hold 0 to 4,000: read as 12 bits, black to white 0 to 4,095",)


def test_floats_up_to_1_and_up_to_255_are_not_one_range() -> None:
    unit, wide = Extent("real", 0, 0.98, False), Extent("real", 0.5, 200, False)
    dark = Extent("real", 0, 0.01, False)
    for files, kept in (([unit, unit, wide, dark], REAL[0]), ([unit, wide, wide, dark], REAL[2])):
        levels, refused, _ = settled(dict(enumerate(files)))
        assert levels == Levels(real=kept)
        assert [files[i] for i in refused] == [wide if kept == REAL[0] else unit]
    levels, refused, _ = settled({1: unit, 2: Extent("real", -0.9, 0.9, False)})
    assert levels == Levels(real=(-1, 1))  # a light one among those from -1 to 1
    assert not refused


def test_what_was_learned_holds_and_only_what_it_lacks_is_settled() -> None:
    given_levels = Levels(whole=(0, 4095))
    levels, refused, notes = settled({"a": Extent("whole", 0, 100), "b": Extent("real", 0, 1, False)}, given_levels)
    assert levels == Levels((0, 4095), (0, 1))
    assert not refused
    assert len(notes) == 1
    assert "floats" in notes[0]
    _, _, notes = settled({"a": Extent("whole", 0, 60000)}, given_levels)
    assert notes == ("'a' holds 0 to 60,000, beyond the 0 to 4,095 that was learned from: cut off there",)


def test_no_deep_files_no_levels() -> None:
    assert settled({}) == (None, {}, ())
    assert settled({}, Levels(whole=(0, 4095)))[0] == Levels(whole=(0, 4095))


@pytest.mark.parametrize("levels", [Levels(), Levels((0, 4095)), Levels((0, 255), (-1, 1))])
def test_json_round_trip(levels: Levels) -> None:
    assert Levels.from_json(json.loads(json.dumps(levels.to_json()))) == levels


RANGES = [3, [1], [1, 0], [0, 0], [0, "1"], [0, True], [0, float("nan")], [0, float("inf")], {}]


@pytest.mark.parametrize("value", [3, {}, {"whole": None}, [], *({"whole": r, "real": None} for r in RANGES)])
def test_json_that_is_nonsense_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="levels"):
        Levels.from_json(value)


@pytest.mark.parametrize(
    ("highs", "levels"),
    [
        ((200, 255), Levels(whole=(0, 255))),
        ((900, 4095, 300), Levels(whole=(0, 4095))),
        ((65535, 5), Levels(whole=(0, 65535))),
        ((0.7, 1.0), Levels(real=(0, 1))),
        ((0.9, 1.001), Levels(real=(0, 1))),
        ((254.5, 130.5), Levels(real=(0, 255))),
    ],
)
def test_a_folder_has_one_range_for_all_its_files(tmp_path: Path, highs: tuple[float, ...], levels: Levels) -> None:
    found = load(set_of(tmp_path / "set", *highs), hold_out=False)
    assert found.levels == levels
    top = (levels.whole or levels.real or (0, 0))[1]
    for path, image in zip(found.train.paths, found.train.images, strict=True):
        high = min(highs[int(Path(path).stem)], top)
        assert abs(int(image.max()) - 255 * high / top) <= 0.5
    assert sum("black to white" in note for note in found.notes) == 1


def test_a_folder_of_8_and_of_16_bits(tmp_path: Path) -> None:
    root = set_of(tmp_path / "set", 4095, 2000)
    (root / "a" / "9.png").write_bytes(odd.png(np.rint(ramp(200)), 8))
    found = load(root, hold_out=False)
    assert found.levels == Levels(whole=(0, 4095))
    brightest = {
        Path(path).stem: int(image.max()) for path, image in zip(found.train.paths, found.train.images, strict=True)
    }
    assert brightest == {"0": 255, "1": round(255 * 2000 / 4095), "9": 200}


def test_a_folder_without_deep_files_has_none(classes: Path) -> None:
    found = load(classes)
    assert found.levels is None
    assert infer(found, (3, 10, 12)).levels is None


def test_files_of_no_known_range_are_bad_files(tmp_path: Path) -> None:
    root = set_of(tmp_path / "set", 4095, 2000)
    (root / "a" / "0-scan.tif").write_bytes(odd.tiff(np.rint(ramp(3000, -1000)).astype(int), 32, form=2))
    found = load(root, hold_out=False)
    assert found.levels == Levels(whole=(0, 4095))
    assert [Path(path).name for path in found.train.paths] == ["0.tif", "1.tif"] * 2
    assert found.train.images.flatten(1).max(1).values.tolist() == [255, round(255 * 2000 / 4095)] * 2
    assert "scan.tif (its values go from -1,000 to 3,000" in found.notes[-1]
    with pytest.raises(ValueError, match=r"scan.tif' \(its values go from -1,000 to 3,000"):
        load(root, hold_out=False, bad="refuse")


def test_the_recipe_keeps_the_range_and_a_foreign_image_is_read_by_it(tmp_path: Path) -> None:
    found = load(set_of(tmp_path / "set", 4095, 900, 100), hold_out=False)
    recipe = Recipe.from_json(json.loads(json.dumps(infer(found, (1, 16, 16)).to_json())))
    assert recipe.levels == Levels(whole=(0, 4095))
    for path, image in zip(found.train.paths, found.train.images, strict=True):
        read, notes = read_and_tell(path, recipe)
        assert (read == image).all()
        assert not notes
    read, notes = read_and_tell(deep(tmp_path / "far.png", np.rint(ramp(60000))), recipe)
    assert len(notes) == 1
    assert notes[0].endswith("far.png' holds 0 to 60,000, beyond the 0 to 4,095 that was learned from: cut off there")
    again = load(tmp_path / "set", hold_out=False, levels=Levels(whole=(0, 65535)))
    assert again.levels == Levels(whole=(0, 65535))
    assert again.train.images.max() == 16  # as a network that learned from 16 bits sees them


def test_recipes_of_before_have_no_levels() -> None:
    recipe = Recipe((1, 4, 6), (1, 4, 6), "as is", (0.0,), (0.0,), (1.0,))
    old = recipe.to_json()
    del old["levels"]
    assert Recipe.from_json(old) == recipe


def test_without_a_learned_range_a_file_tells_its_own(tmp_path: Path) -> None:
    recipe = Recipe((1, 16, 16), (1, 16, 16), "as is", (0.0,), (0.0,), (1.0,))
    read, notes = read_and_tell(deep(tmp_path / "a.png", np.rint(ramp(900))), recipe)
    assert read.max() == round(255 * 900 / 1023)
    assert notes == [
        f"'{tmp_path}/a.png', of more than 8 bits, holds 0 to 900: read as 10 bits, black to white 0 to 1,023"
    ]
    assert not read_and_tell(deep(tmp_path / "whole.png", np.rint(ramp(65535))), recipe)[1]
    with pytest.raises(ValueError, match=r"b.tif' \(its values go from 0 to 2.5"):
        read_and_tell(deep(tmp_path / "b.tif", ramp(2.5)), recipe)


def test_the_cache_gives_the_same_range_and_the_same_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = set_of(tmp_path / "set", 4095, 900)
    (root / "b" / "far.tif").write_bytes(odd.tiff(np.array([[[-5], [9]]]), 32, form=2))
    (root / "b" / "plain.png").write_bytes(odd.png(np.rint(ramp(200)), 8))
    for name in ("WORTH", "SETTLED"):
        monkeypatch.setattr(many, name, 0)
    first, second = (load(root, hold_out=False) for _ in range(2))
    assert any("read from the cache" in note for note in second.notes)
    for found in (first, second):
        assert found.levels == Levels(whole=(0, 4095))
        assert [file.path for file in found.left_out] == ["b/far.tif"]
        assert sum("read as 12 bits" in note for note in found.notes) == 1
    assert (first.train.images == second.train.images).all()
    wide = load(root, hold_out=False, levels=Levels(whole=(0, 65535)))
    assert 15 <= wide.train.images[0].max() <= 17  # read anew, in the range that is given
