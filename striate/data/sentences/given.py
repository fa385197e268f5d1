"""What a network is asked about: sentences, or files and folders of some.

What exists is a path, also where it could be a sentence of one word.

>>> [some.sentences for some in sentences_given(["a fine film", ["dull"]], "skip", ())]
[('a fine film',), ('dull',)]
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from striate.errors import InputError

from .asking import Unlabelled, sentences_in, sentences_under

TAKES = "predict takes sentences, or text files with one on each line"
OF_FILES = (".txt", ".csv", ".tsv", ".jsonl")  # ends of a word that names a file


def sentences_given(given: Any, bad: str, classes: Sequence[str]) -> Iterator[Unlabelled]:
    """The sentences of each of the things that a user asks about.

    Raises:
        InputError: One is no sentence, and no file or folder of some.
    """
    if isinstance(given, list | tuple):
        for one in given:
            yield from sentences_given(one, bad, classes)
        return
    if isinstance(given, str) and not given.strip():
        return
    try:
        place = Path(given)
        is_file, is_folder = place.is_file(), place.is_dir()
    except (OSError, ValueError, TypeError):  # no name of a file
        is_file = is_folder = False
    if is_file:
        yield sentences_in(place, bad, classes)
    elif is_folder:
        yield from sentences_under(place, bad, classes)
    elif isinstance(given, Path) or (isinstance(given, str) and _names_a_file(given)):
        raise InputError(f"no file '{given}'; {TAKES}")
    elif not isinstance(given, str):
        raise InputError(f"{TAKES}. Received: {given!r}")
    else:
        yield Unlabelled((given,))


def _names_a_file(word: str) -> bool:
    """Whether a word can only be meant as a path.

    >>> [_names_a_file(word) for word in ("new.txt", "a/b", "film", "a film.txt")]
    [True, True, False, False]
    """
    whole = word.strip()
    is_one_word = len(whole.split()) == 1
    return is_one_word and (whole.lower().endswith(OF_FILES) or "/" in whole or os.sep in whole)
