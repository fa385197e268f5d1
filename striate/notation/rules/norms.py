"""The shape of every normalisation, and where one would divide by 0 or see a single number.

>>> from striate.notation.rules.shape import output
>>> output(GroupNorm(4), (8, 7, 5)).value
(8, 7, 5)
"""

from typing import cast

from striate.notation.errors import RuleError
from striate.notation.rules.figure import Figure, product
from striate.notation.rules.shape import divided, layer_text, on_axes, output
from striate.notation.tree import BatchNorm, GroupNorm, InstanceNorm, Layer, LayerNorm, RMSNorm, Shape


@output.register(BatchNorm)
@output.register(RMSNorm)
def _(layer: BatchNorm | RMSNorm, shape: Shape) -> Figure[Shape]:
    _stable(layer)
    if isinstance(layer, BatchNorm) and not 0 <= layer.momentum <= 1:
        detail = (
            f"received {layer.momentum:g}; it is the share of the newest batch in the running statistics, such as 0.1"
        )
        raise RuleError("momentum must be from 0 to 1", detail, "momentum")
    return Figure(shape)


@output.register
def _(layer: LayerNorm, shape: Shape) -> Figure[Shape]:
    _stable(layer)
    _several(layer, shape[0], "channel", "give it more channels, or use bn")
    return Figure(shape)


@output.register
def _(layer: GroupNorm, shape: Shape) -> Figure[Shape]:
    channels = cast(int, shape[0])
    divided(channels, layer.groups, layer_text(layer), "groups")
    _stable(layer)
    _several(layer, product((channels // layer.groups, *shape[1:])), "entry of each group", "use fewer groups, or bn")
    return Figure(shape)


@output.register
def _(layer: InstanceNorm, shape: Shape) -> Figure[Shape]:
    on_axes(layer, shape)
    _stable(layer)
    _several(layer, product(shape[1:]), "entry of each map", "put it before the maps become single entries, or use ln")
    return Figure(shape)


def _stable(layer: BatchNorm | LayerNorm | GroupNorm | InstanceNorm | RMSNorm) -> None:
    """Raise an error where a normalisation may divide by 0."""
    if layer.eps <= 0:
        raise RuleError(
            "eps must be above 0", f"received {layer.eps:g}; it keeps the norm from dividing by 0, such as 1e-5", "eps"
        )


def _several(layer: Layer, count: int | None, what: str, way_out: str) -> None:
    """Raise an error where a normalisation sees one number alone, which minus its mean is 0."""
    if count == 1:
        detail = f"minus its mean it is 0 whatever comes in; {way_out}"
        raise RuleError(f"{layer_text(layer)} normalises a single {what}", detail)
