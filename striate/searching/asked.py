"""What a search is asked for, as it is kept in `search.json`: the same words go on with the same search."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate import zoo
from striate.errors import InputError, nearest
from striate.notation import Network, render
from striate.notation.sizes import Size
from striate.runs.command import source_key, source_name
from striate.searching.ranges import Choice, Over, Range, Value, is_option
from striate.training.options import OTHER_NAMES, Options
from striate.training.saved import RUNS

_OPTIONS = [field.name for field in dataclasses.fields(Options)]
PRUNERS = ("median", "hyperband", "none")


@dataclass(frozen=True)
class Asked:
    """A search.

    Attributes:
        net: A name of the zoo, a `.net` file, or the text.
        data: The data's word or path; empty for data made in Python.
        over: What may vary.
        options: How every trial is trained otherwise.
        letters: Letters of the text that do not vary.
        prune: Which trials are stopped early: `median`, `hyperband`, `none`.
        seed: Of the values that are drawn.
        how: `task`, `engine`, `device`, `bad`, `size`, `weights`, as for `train`.
    """

    net: str
    data: str
    over: tuple[Over, ...]
    options: Options = Options()
    letters: Mapping[str, int | float] = dataclasses.field(default_factory=dict)
    prune: str = "median"
    seed: int = 0
    how: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def check(self) -> None:
        """Check that all values can be taken.

        Raises:
            InputError: One can't, or a name is neither an option nor a letter of the text.
        """
        for one in self.over:
            if one.name in ("validation", "fold"):
                raise InputError(f"trials are compared on the same validation examples, which {one.name} chooses")
            for value in one.ends:
                self.chosen({**{other.name: other.ends[0] for other in self.over}, one.name: value})

    def chosen(self, values: Mapping[str, Value]) -> tuple[Options, dict[str, int | float]]:
        """The options and letters of a trial with these values.

        Raises:
            InputError: A value out of range, or a letter that the text does not have.
        """
        changed: dict[str, Any] = {name: one for name, one in values.items() if is_option(name)}
        options = dataclasses.replace(self.options, **changed)
        varied: dict[str, Any] = {name: one for name, one in values.items() if not is_option(name)}
        if word := next((name for name, one in varied.items() if isinstance(one, str)), ""):
            raise InputError(f"{word} is no option of training, and a letter takes numbers. Received: {varied[word]}")
        letters = {**self.letters, **varied}
        try:
            zoo.find(self.net, letters)
        except InputError as error:
            meant = next(filter(None, (nearest(name, _OPTIONS, OTHER_NAMES) for name in varied)), "")
            if not meant:
                raise
            raise InputError(f"{error}{meant}") from None  # an option that is misspelt is taken for a letter
        return options, letters

    def folder(self) -> Path:
        """Where it is kept unless said otherwise: the same search has the same folder."""
        text = json.dumps(self.to_json(), sort_keys=True)
        name = zoo.find(self.net, self.chosen({one.name: one.ends[0] for one in self.over})[1]).name
        data = Path(self.data).stem or "data"
        words = re.sub(r"[^\w.-]+", "-", f"search-{name}-{data}")
        return Path(RUNS) / f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"

    def seeded(self, number: int) -> Asked:
        """For one of several workers, which must not all draw the same values."""
        return dataclasses.replace(self, seed=self.seed + 1_000_003 * number)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        over = [{"kind": type(one).__name__, **dataclasses.asdict(one)} for one in self.over]
        facts = {"net": self.net, "data": self.data, "over": over, "options": dataclasses.asdict(self.options)}
        return facts | {"letters": dict(self.letters), "prune": self.prune, "seed": self.seed, "how": dict(self.how)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Asked:
        """What `to_json` made.

        Raises:
            KeyError: Something is missing.
            TypeError: An entry of another version.
        """
        kinds: dict[Any, Any] = {kind.__name__: kind for kind in (Range, Choice)}
        facts = [{name: tuple(e) if isinstance(e, list) else e for name, e in one.items()} for one in value["over"]]
        over = [kinds[one.pop("kind")](**one) for one in facts]
        how = {name: tuple(one) if isinstance(one, list) else one for name, one in value["how"].items()}
        rest = {name: value[name] for name in ("net", "data", "letters", "prune", "seed")}
        return Asked(over=tuple(over), options=Options.from_json(value["options"]), how=how, **rest)


def text_of(net: str | Path | Network, letters: Mapping[str, int | float]) -> tuple[str, dict[str, int | float]]:
    """A network as words, and its letters.

    Raises:
        InputError: A network that was not made from words.
    """
    if not isinstance(net, Network):
        return str(net), dict(letters)
    if net.name in zoo.names():
        return net.name, {**dict(net.letters), **letters}
    if net.program is None:
        raise InputError(f"{net.name} was not made from a text; give a search the text")
    return render(net.program), {**dict(net.letters), **letters}


def data_of(data: Any) -> str:
    """What a search keeps of its data: a word or an absolute path; empty for data made in Python."""
    named = isinstance(data, str | Path) or hasattr(data, "source")
    return source_key(data) if named and source_name(data) else ""


def how_of(size: Size | None, **words: Any) -> dict[str, Any]:
    """What was given of the words for `Asked.how`."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in words.items()}
    return {name: value for name, value in {**given, "size": size}.items() if value not in (None, "auto")}
