"""Which layers of a plan's network learn, and how fast, from the words of its options.

>>> from striate.zoo import net
>>> rates_for(net("lenet5"), Options(freeze="2", unfreeze_after=3), 100).until
300
"""

from __future__ import annotations

from collections.abc import Collection

import torch

from striate.building import build
from striate.notation import Network
from striate.notation.graph import Join, graph
from striate.training.layer_rates import ALIKE, LayerRates, layer_rates
from striate.training.options import Options


def rates_for(network: Network, options: Options, steps: int, fresh: Collection[str] = ()) -> LayerRates:
    """How fast the layers of a network learn.

    Args:
        network: Bound.
        options: `freeze`, `unfreeze_after` and `rates`.
        steps: In an epoch.
        fresh: Layers that begin with new weights although the others have those of another training.

    Raises:
        InputError: There is no such layer, or none would learn.
    """
    if not options.freeze and options.slowest == 1:
        return ALIKE
    with torch.device("meta"):  # names alone are needed
        model = build(network, "zeros")
    until = options.unfreeze_after * steps
    return layer_rates(model, options.freeze, options.slowest, until, _labels(network), fresh)


def _labels(network: Network) -> dict[str, list[str]]:
    """The layers and blocks that a label stands for: several where a definition is used more than once."""
    found: dict[str, list[str]] = {}
    for vertex in graph(network).vertices:
        node = vertex.node.block if isinstance(vertex.node, Join) else vertex.node
        if node.label:
            found.setdefault(node.label, []).append(vertex.name)
    return found


def said(rates: LayerRates, options: Options, started: bool) -> list[str]:
    """What there is to know of it, one sentence each."""
    lines = list[str]()
    if rates.frozen:
        first, last = rates.frozen[0], rates.frozen[-1]
        which = first if first == last else f"{first} to {last}, {len(rates.frozen)} in all"
        weights = "" if started else ", with weights that never learned"
        how_long = (
            f"for {options.unfreeze_after} epoch{'s' * (options.unfreeze_after > 1)}" if rates.until else "to the end"
        )
        norms = "; their batch norms use the mean and spread they have, and keep them" if rates.norms else ""
        lines.append(f"frozen {how_long}: {which}{weights}{norms}")
    if any(share < 1 for share in rates.shares.values()):
        slowest = min(rates.shares, key=lambda name: rates.shares[name])
        lines.append(
            f"learning rates: {options.slowest:g} of it for {slowest}, all of it for the head and for new layers, "
            "between them in equal ratios"
        )
    return lines
