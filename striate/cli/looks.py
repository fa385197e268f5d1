"""The methods of `striate inside`: each makes a result of what was asked.

>>> sorted(LOOKS)[:3]
['cam', 'classes', 'deconv']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from striate import inside
from striate.cli.asking import Asked
from striate.cli.common import say
from striate.errors import InputError
from striate.inside.drawn import Drawn
from striate.inside.weights import filters_of
from striate.tasks.labelled import Labelled

OF_WORDS = ("filters", "maps", "cam", "classes", "embedding", "words")  # what networks that read words can be asked


def looked(asked: Asked) -> Drawn:
    """The result of the method.

    Raises:
        InputError: It makes no sense of this run, or something it needs is missing or wrong.
    """
    if asked.reads_words and asked.method not in OF_WORDS:
        raise InputError(f"{asked.method} is for networks that read numbers; of one that reads words take words")
    return LOOKS[asked.method](asked)


def _filters(asked: Asked) -> Drawn:
    with_filters = (name for name, one in asked.model.named_modules() if filters_of(one) is not None)
    layer = asked.layer or next(with_filters, None) or asked.named
    return inside.filters(asked.model, layer)


def _field(asked: Asked) -> Drawn:
    x = None if asked.example is None else asked.x[0]
    return inside.receptive_field(asked.model, asked.shape, asked.of_unit(), x=x)


def _patches(asked: Asked) -> Drawn:
    return inside.top_patches(asked.model, _batches(asked), asked.named, asked.channel, count=asked.count)


def _integrated(asked: Asked) -> Drawn:
    return inside.integrated_gradients(asked.model, asked.x, asked.aim(), steps=asked.steps or 50)


def _cam(asked: Asked) -> Drawn:
    if asked.unit is not None:
        raise InputError("cam is for classes; deconv and guided show a unit")
    if asked.layer is not None:
        return inside.grad_cam(asked.model, asked.x, asked.of_class(), layer=asked.layer)
    try:
        return inside.cam(asked.model, asked.x, asked.of_class())
    except inside.NoCamError as error:
        say(str(error))
        return inside.grad_cam(asked.model, asked.x, asked.of_class())


def _dream(asked: Asked) -> Drawn:
    return inside.maximise(asked.model, asked.shape, asked.aim("all"), steps=asked.steps or 256)


def _classes(asked: Asked) -> Drawn:
    if not isinstance(asked.run.task, Labelled):
        raise InputError(f"classes is for runs whose examples have one class each. Received: {asked.run.task.word}")
    return inside.unit_classes(asked.model, _batches(asked), asked.named, classes=asked.classes or None)


def _embedding(asked: Asked) -> Drawn:
    return inside.embedding(asked.model, _batches(asked), asked.layer or "", method=asked.by, classes=asked.classes)


def _words(asked: Asked) -> Drawn:
    if not asked.reads_words:
        raise InputError("words is for runs on text")
    known = asked.run.task.known  # type: ignore[attr-defined]
    written = [["".join(known.decoded([int(number)])) for number in row] for row in asked.x.tolist()]
    return inside.word_scores(asked.model, asked.x, asked.aim(), written=written)


def _batches(asked: Asked) -> Iterator[tuple[Tensor, Tensor]]:
    return asked.run.batches(asked.data)


LOOKS: dict[str, Callable[[Asked], Drawn]] = {
    "filters": _filters,
    "maps": lambda asked: inside.feature_maps(asked.model, asked.x, asked.named),
    "field": _field,
    "deconv": lambda asked: inside.deconvnet(asked.model, asked.x, asked.of_unit()),
    "guided": lambda asked: inside.guided_backprop(asked.model, asked.x, asked.aim()),
    "patches": _patches,
    "saliency": lambda asked: inside.saliency(asked.model, asked.x, asked.aim()),
    "smooth": lambda asked: inside.smooth_grad(asked.model, asked.x, asked.aim()),
    "integrated": _integrated,
    "cam": _cam,
    "occlusion": lambda asked: inside.occlusion(asked.model, asked.x, asked.aim()),
    "dream": _dream,
    "classes": _classes,
    "embedding": _embedding,
    "words": _words,
}
