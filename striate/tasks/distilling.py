"""Knowledge distillation: learning from what trained networks answer, not from the class alone.

The share of each class that teachers give an example tells which classes it resembles (Hinton, Vinyals & Dean 2015).
A teacher sees the very image that its pupil does, however it is changed (Beyer et al. 2022).

>>> from striate.training.fields import OUTPUT
>>> how, targets = Distilling(share=0.5), {LABEL: torch.tensor([1])}
>>> how.taught(targets, [{OUTPUT: torch.tensor([[0.0, 0.0]])}])[LABEL]
tensor([[0.2500, 0.7500]])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from striate.augmentation.mixing import shares_of
from striate.tasks.labelled import LABEL, logits
from striate.tasks.task import Bound, Task
from striate.tasks.together import classes_of
from striate.training.fields import Fields
from striate.training.objective import Objective

TEACHER = "teacher"  # what teachers say, among the targets and among the parts of the loss


@dataclass(frozen=True)
class Distilling:
    """How much teachers count.

    Attributes:
        share: Of the loss, 0 to 1; the rest is the example's own class's.
        temperature: What outputs are divided by, the teachers' and the pupil's, before they become probabilities.
    """

    share: float
    temperature: float = 1.0

    @property
    def in_targets(self) -> bool:
        """Whether the loss is one cross-entropy, with targets that are the classes' and the teachers' mixed."""
        return self.temperature == 1

    def taught(self, targets: Fields, answers: Sequence[Fields]) -> Fields:
        """The targets with what teachers say.

        Args:
            targets: Of a batch: labels (N,), or shares of classes (N, K), which may add up to a weight.
            answers: The outputs of each teacher.
        """
        said = classes_of([logits(one) / self.temperature for one in answers]).softmax(1)
        shares = shares_of(targets[LABEL], said.shape[1])
        said = said * shares.sum(1, keepdim=True)
        if self.in_targets:
            return {**targets, LABEL: torch.lerp(shares, said, self.share)}
        return {**targets, TEACHER: said}

    def objective(self, task: Task, own: Objective) -> Objective:
        """The objective of a pupil: without teachers among the targets, as in validation, its own.

        The teachers' part grows with the square of the temperature, for its gradient shrinks with it.
        """

        def loss(outputs: Fields, targets: Fields) -> Fields:
            parts = own.loss(outputs, targets)
            if TEACHER not in targets:
                return parts
            said = F.cross_entropy(logits(outputs) / self.temperature, targets[TEACHER])
            mine = {name: (1 - self.share) * part for name, part in parts.items()}
            return {**mine, TEACHER: self.share * self.temperature**2 * said}

        return own if self.in_targets else Bound(task, loss)
