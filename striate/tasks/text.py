"""Sentence classification: the class of a text (Kim 2014)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import nn

from striate import layers, zoo
from striate.augmentation.augment import Augment
from striate.augmentation.word_dropout import WordDropout
from striate.augmentation.words import NONE, parsed
from striate.data.examples import Examples, Opened, Schema, Table, digest_of
from striate.data.kinds import Label, Tokens
from striate.data.left_out import said as left_out_said
from striate.data.loading import hub_at
from striate.data.multilabel import is_table
from striate.data.recipe import Recipe
from striate.data.sentences import (
    MARGIN,
    Sentences,
    SentenceSet,
    Vocabulary,
    encoded,
    fill,
    learned,
    length_for,
    of_hub,
    read,
    read_vectors,
    said,
    tokenised,
    wanted,
)
from striate.data.sentences.given import TAKES, sentences_given
from striate.data.sentences.rows import shortened
from striate.errors import InputError
from striate.notation import Network
from striate.notation import notes as what_to_see
from striate.notation.sizes import Size, bound_at
from striate.notation.tree import Embed, deep
from striate.report.marked_words import line
from striate.report.word_scores import by_leaving_out
from striate.tasks.ends import check_inputs, outputs_for
from striate.tasks.fitting import Fitted, adapting
from striate.tasks.judging import TOP, JudgedLabels
from striate.tasks.labelled import LABEL, Labelled, Prediction, logits
from striate.tasks.task import Asked, Wish, is_place
from striate.training.fields import Fields
from striate.training.objective import Net
from striate.training.options import Options

TOKENS = "tokens"
EXPLAINED = 100  # sentences of which the words that decided are found
RATE = 0.002  # learning rate of AdamW
OFTEN, MANY = 2, 1000  # a word is known that occurs so often, in so many training sentences; in fewer, any word
DROPPED = 0.1  # share of the words that are unknown in an epoch of training
MOST_NAMED = 10  # unknown words of a sentence


@dataclass(frozen=True)
class Text(Labelled):
    """One class a sentence.

    Attributes:
        vocabulary: The words that are known, the most frequent in the training sentences first.
        lower: Whether capitals are read as small letters.
        length: Numbers in a row: the words of the longest training sentence, and padding around them.
    """

    vocabulary: tuple[str, ...]
    lower: bool
    length: int

    word: ClassVar[str] = "text"
    reads: ClassVar[str] = (
        "a text file with a class and a sentence on each line, parted by a tab or space; a CSV or Parquet table; a set "
        "of the package datasets (hf:user/name); a folder with "
        "one sub-folder of text files per class; or a folder or file names with train and test parts"
    )
    unit: ClassVar[str] = "sentences"

    @cached_property
    def known(self) -> Vocabulary:
        """The words and their numbers."""
        return Vocabulary(self.vocabulary, self.lower)

    @classmethod
    def open(cls, source: Any, wish: Wish, like: Self | None = None) -> tuple[Self, Opened] | None:
        """Labelled sentences as rows of numbers, by the vocabulary of those to train on."""
        found = sentences_at(source, wish.bad, like.classes if like else ())
        if found is None:
            return None
        if wish.hold_out:
            found = found.with_test()
        if like is not None:
            return like, _opened(like, found, like.positions(found.classes, found.name))
        words = learned(found.train.sentences, least=OFTEN if len(found.train.sentences) >= MANY else 1)
        task = cls(found.classes, words.words, words.lower, length_for(found.train.sentences))
        return task, _opened(task, found, list(range(len(found.classes))))

    # the network

    def letters(self) -> Mapping[str, int]:
        """The number of classes, of words, and of numbers in a row."""
        return {**super().letters(), "words": len(self.known), "length": self.length}

    def fit(self, network: Network, opened: Opened, recipe: Recipe | None, size: Size | None) -> Fitted:
        """A network that reads rows of this length and knows as many words.

        Raises:
            InputError: It has no table of words, or one that is too small.
        """
        notes: list[str] = []
        check_inputs(network, opened)
        if size is not None:
            raise InputError("the length of sentences is their own; leave `size` out")
        if network.program is not None:
            network = zoo.rebind(network, adapting(network, self, notes, opened.name))
            network = bound_at(network, (self.length,)) if network.input != (self.length,) else network
        tables = [node for node in deep(network.layers) if isinstance(node, Embed)]
        if not tables:
            raise InputError(
                f"{network.name} reads no words; let it begin with `input length -> embed (words)x100`, "
                "whose letters the data give"
            )
        words, width = tables[0].table
        if words < len(self.known):
            raise InputError(
                f"{network.name} knows {words:,} words and {opened.name} has {len(self.known):,}, with padding and "
                f"unknown ones; write embed (words)x{width}"
            )
        outputs_for(network, network.input, self, opened.name, f"rows of {self.length} words")
        return Fitted(network, None, (*what_to_see(network), *notes), self)

    def begin(self, model: nn.Module, file: Path) -> dict[str, Any]:
        """Word vectors in GloVe's or word2vec's text format, in every table of the network.

        Raises:
            InputError: The file holds none, or a table has another width.
        """
        found = read_vectors(file, wanted(self.known))
        tables = {name: module for name, module in model.named_modules() if isinstance(module, layers.Embed)}
        try:
            said = [fill(table.weight.data, self.known, found) for table in tables.values()]
        except InputError as error:
            raise InputError(f"'{file}' does not fit: {error}") from None
        tensors = list(model.state_dict())
        new = [name for name in tensors if name.rpartition(".")[0] not in tables]
        kept = {"kept": len(tensors) - len(new), "of": len(tensors), "new": new}
        return {**kept, "said": f"word vectors of {file}: {said[0]}"}

    def augment(self, wanted: str, fitted: Fitted, opened: Opened) -> WordDropout | None:
        """Some words of each sentence are unknown ones, others in every epoch."""
        changes = parsed(wanted)
        if any(one.word != "words" for one in changes):
            raise InputError(f"augment '{wanted}' is for images; for sentences there is words")
        return None if wanted == NONE else WordDropout(DROPPED, self.length)

    def usual(self, options: Options, count: int, augment: Augment | None, started: bool) -> Options:
        """A lower rate than that of images."""
        return dataclasses.replace(options, lr=RATE) if options.lr is None and options.optimizer == "adamw" else options

    # what is told

    def asked(self, given: Sequence[Any], recipe: Recipe | None, bad: str) -> Asked:
        """Sentences, or files and folders of some, which may be those that can be trained on."""
        found = list(sentences_given(given, bad, self.classes))
        sentences = [sentence for some in found for sentence in some.sentences]
        left_out = tuple(file for some in found for file in some.left_out)
        if not sentences:
            why = f"none; {left_out_said(left_out)}" if left_out else "none"
            raise InputError(f"{TAKES}. Received: {why}")
        made = encoded(self.known, sentences, self.length)
        unknown = (
            f"unknown words in '{shortened(sentence)}': {_few(missed)}"
            for sentence in sentences[:TOP]
            if (missed := self.known.unknown(sentence))
        )
        notes = (*(note for some in found for note in some.notes), *unknown)
        notes = (*notes, left_out_said(left_out)) if left_out else notes
        return Asked(sentences, [{TOKENS: row[None].float()} for row in made.numbers], notes, left_out)

    def meaning(self) -> tuple[Any, ...]:
        """The classes and the words."""
        return self.classes, self.vocabulary, self.lower, self.length

    def answers(self, outputs: Fields, asked: Asked, net: Net) -> list[Prediction]:
        """The most probable classes of each sentence, and of a few the words that decided."""
        found = super().answers(outputs, asked, net)
        return [self.explained(one, net) if row < EXPLAINED else one for row, one in enumerate(found)]

    def judged(self, name: str, examples: Examples, rows: Fields, figures: Mapping[str, float]) -> JudgedSentences:
        """How a network does on labelled sentences."""
        return JudgedSentences(name, examples, rows, figures, self.unit, self.classes, self.known)

    def explained(self, answer: Prediction, net: Net) -> Prediction:
        """The answer with the words that decided, by leaving out each."""
        words = tokenised(answer.path, self.lower)
        row = encoded(self.known, [answer.path], self.length).numbers[0]
        if not words:
            return answer
        found = by_leaving_out(lambda rows: logits(net({TOKENS: rows.float()})), row)
        scores = list(found.scores)[: len(words)]
        marks = [{"word": word, "score": score} for word, score in zip(words, scores, strict=False)]
        return dataclasses.replace(
            answer, said=f"{answer.said}   {line(words, scores)}", values={**answer.values, "words": marks}
        )


@dataclass(frozen=True, eq=False)
class JudgedSentences(JudgedLabels):
    """A network's answers on labelled sentences.

    Attributes:
        known: The words that the network reads.
    """

    known: Vocabulary

    def wrong(self, rows: Sequence[int], root: str, notes: Mapping[int, str]) -> tuple[list[Any], str]:
        """Sentences as the network read them, without the words that it does not know."""
        from striate.report.classes import WrongText
        from striate.report.places import inside

        tokens = self.examples.take(rows)[TOKENS].int()
        texts = [" ".join(self.known.decoded(one.tolist())) for one in tokens]
        return [
            WrongText(
                text,
                self.classes[self.labels[row]],
                self.top(row),
                inside(self.examples.name(row), root),
                notes.get(row, ""),
            )
            for row, text in zip(rows, texts, strict=True)
        ], ""


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:MOST_NAMED]) + ", …" * (len(words) > MOST_NAMED)


def sentences_at(source: Any, bad: str, known: Sequence[str] = ()) -> SentenceSet | None:
    """The sentences of a place, as they were written, where classes may be known; None where it holds none."""
    if not is_place(source) or is_table(source):  # a table that lists images with labels
        return None
    return of_hub(place, known) if (place := hub_at(str(source))) else read(source, bad=bad, known=known)


def _opened(task: Text, found: SentenceSet, positions: Sequence[int]) -> Opened:
    tables = {name: _table(task, part, positions) for name, part in found.parts.items()}
    notes = [*found.notes]
    longest = task.length - 2 * MARGIN
    notes.append(f"{found.name}: {len(task.vocabulary):,} words are known, in rows of {longest} and padding")
    for name, part in found.parts.items():
        if name != "train":
            notes.append(f"{found.name}: {said(task.known, part.sentences, name)}")
    train = tables["train"]
    return Opened(
        found.name,
        found.source,
        Schema({TOKENS: Tokens(len(task.known))}, {LABEL: Label(len(task.classes))}),
        train,
        tables.get("test"),
        tables.get("validation"),
        tuple(notes),
        found.left_out,
        strata=list(found.train.labels),
        sha256=digest_of(train, tables.get("validation")),
    )


def _table(task: Text, part: Sentences, positions: Sequence[int]) -> Table:
    numbers = encoded(task.known, part.sentences, task.length).numbers.float()
    labels = torch.tensor([positions[label] for label in part.labels], dtype=torch.int64)
    return Table({TOKENS: numbers, LABEL: labels}, part.names)
