"""`docs/networks.md`: every text in it is a network, and every count in its table is that network's."""

import re
from pathlib import Path

import pytest
import torch

from striate import zoo
from striate.building import build
from striate.notation import Network, measure, read

PAGE = (Path(__file__).parents[1] / "docs" / "networks.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]+) \| (\d{4}) \| ([^|]+) \| ([\d,]*) \| ([^|]*) \|$", re.M)
TEXTS = dict(re.findall(r"^## ([^\n]+)\n.*?^```\n(.*?)^```$", PAGE, re.M | re.S))
ROWS = [row for row in ROW.findall(PAGE) if not row[2].startswith("no")]


def anchor(title: str) -> str:
    return "#" + re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def network(name: str, where: str) -> Network:
    if where == "zoo":
        return zoo.net(name.strip("`"))
    texts = {anchor(title): text for title, text in TEXTS.items()}
    return read(texts[where.partition("(")[2].rstrip(")")])


def test_the_page_says_how_many_can_be_written() -> None:
    lines = [line for line in PAGE.splitlines() if re.match(r"\| .* \| \d{4} \|", line)]
    assert len(lines) - len(ROWS) == 3
    assert f"{len(ROWS)} can, three cannot" in PAGE
    assert len(ROWS) >= 27
    assert {anchor(title) for title in TEXTS} == {row[2].partition("(")[2].rstrip(")") for row in ROWS} - {""}


@pytest.mark.parametrize(
    ("name", "where", "count"), [(row[0], row[2], row[3]) for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_network_has_the_parameters_that_the_page_says(name: str, where: str, count: str) -> None:
    found = network(name, where)
    assert measure(found).total_parameters == int(count.replace(",", ""))
    with torch.device("meta"):
        model = build(found)
    assert sum(parameter.numel() for parameter in model.parameters()) == int(count.replace(",", ""))


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_count_is_the_published_one(row: tuple[str, ...]) -> None:
    """Exactly, or as far as it was published."""
    exact = re.match(r"[\d,]{7,}", row[4])
    rounded = re.match(r"([\d.]+) M", row[4])
    if exact and "distance" not in row[4]:
        assert exact[0] == row[3]
    elif rounded:
        digits = len(rounded[1].partition(".")[2])
        assert round(int(row[3].replace(",", "")) / 1e6, digits) == float(rounded[1])
