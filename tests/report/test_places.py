"""A report names no folder of the machine that it was made on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.report.places import inside, shortened

HOME = "/home/ann"
ROOTS = {HOME: "~", "/home/ann/my pets": "my pets", "/mnt/a (b)/photos": "photos"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("striate train lenet5 '/home/ann/my pets' --out /tmp/x/run", "striate train lenet5 'my pets' --out …/run"),
        ("left out: /home/ann/my pets/cat/a 1.png (no image)", "left out: my pets/cat/a 1.png (no image)"),
        ("'/mnt/a (b)/photos/1.png'", "'photos/1.png'"),
        ("/home/anna/secret/1.png", "…/1.png"),
        ("/home/ann/my pets.zip", "…/my pets.zip"),
        ("--out=/srv/runs/7", "--out=…/7"),
        (r"C:\Users\ann\x.png, \\server\share\y.png", "…/x.png, …/y.png"),
        ("~/pets/1.png", "…/1.png"),
        ("pets/cat/1.png", "pets/cat/1.png"),
        ("../pets/1.png", "../pets/1.png"),
        ("1/2 and c/16 and and/or, 3 / 4", "1/2 and c/16 and and/or, 3 / 4"),
        ("https://example.org/a/b", "https://example.org/a/b"),
    ],
)
def test_absolute_paths_are_cut_and_all_else_is_kept(text: str, shown: str) -> None:
    assert shortened(text, ROOTS) == shown


NAMES = st.text(st.characters(categories=("L", "N"), include_characters="_-."), min_size=1, max_size=8).filter(
    lambda name: name.strip(".") and not name.startswith(".")
)


@given(st.lists(NAMES, min_size=2, max_size=6), st.sampled_from(["{}", "left out: {}", "'{}'", "({})", "--out={}"]))
def test_no_folder_of_an_absolute_path_is_left(parts: list[str], sentence: str) -> None:
    text = sentence.format("/" + "/".join(parts))
    assert shortened(text) == sentence.format("…/" + parts[-1])


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8), min_size=1, max_size=4))
def test_a_known_folder_is_cut_whatever_characters_are_in_its_name(parts: list[str]) -> None:
    root = "/" + "/".join(parts)
    assert shortened(f"read {root}/1.png", {root: "data"}) == "read data/1.png"


def test_a_file_is_named_from_its_data_set_on() -> None:
    assert inside("/home/ann/pets/train/cat/1.png", "/home/ann/pets") == "train/cat/1.png"
    assert inside("/srv/cat/1.png", "/home/ann/pets") == "cat/1.png"
    assert inside("/srv/cat/1.png", "") == "cat/1.png"
    assert inside("1.png", "").count("/") == 1
