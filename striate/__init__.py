"""Striate: convolutional neural networks from the notation that lectures and papers use.

>>> import striate as st
>>> net = st.net("input 1x28x28 -> conv 8@3x3 -> relu -> gap -> fc 10")
>>> st.explain(net).measure.total_parameters
170

Everything is imported when it is first used, so that calls that need no PyTorch do not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from striate import inside
    from striate.building import build
    from striate.drawing import draw
    from striate.errors import InputError, StriateError, WorkError
    from striate.estimating.estimate import plan
    from striate.explanation import explain
    from striate.finding import slide
    from striate.notation import Network, NotationError, bind, measure, parse, render
    from striate.own import register
    from striate.page import save_page, see
    from striate.playing import gather, play
    from striate.retrieving import Index, index
    from striate.rival.rival import baseline
    from striate.runs.compared import compare
    from striate.runs.ensemble import Ensemble
    from striate.runs.folding import folds
    from striate.runs.listing import list_runs
    from striate.runs.pruning import prune
    from striate.runs.rating import rate
    from striate.runs.resuming import resume
    from striate.runs.run import Run
    from striate.runs.training import train
    from striate.sampling import sample, walk
    from striate.searching.searching import search
    from striate.stepping import step
    from striate.styling import style
    from striate.weights import load_weights
    from striate.zoo import net

_HOMES = {
    "bench": "benchmark",
    "build": "building",
    "InputError": "errors",
    "StriateError": "errors",
    "WorkError": "errors",
    "draw": "drawing",
    "explain": "explanation",
    "Network": "notation",
    "NotationError": "notation",
    "bind": "notation",
    "measure": "notation",
    "parse": "notation",
    "render": "notation",
    "register": "own",
    "save_page": "page",
    "see": "page",
    "slide": "finding",
    "step": "stepping",
    "style": "styling",
    "Index": "retrieving",
    "index": "retrieving",
    "baseline": "rival.rival",
    "compare": "runs.compared",
    "list_runs": "runs.listing",
    "Ensemble": "runs.ensemble",
    "folds": "runs.folding",
    "prune": "runs.pruning",
    "rate": "runs.rating",
    "resume": "runs.resuming",
    "train": "runs.training",
    "Run": "runs.run",
    "gather": "playing",
    "play": "playing",
    "plan": "estimating.estimate",
    "sample": "sampling",
    "search": "searching.searching",
    "net": "zoo",
    "load_weights": "weights",
    "walk": "sampling",
}

_ROOMS = ("inside",)  # packages that are named as they are

__all__ = [
    "Ensemble",
    "Index",
    "InputError",
    "Network",
    "NotationError",
    "Run",
    "StriateError",
    "WorkError",
    "baseline",
    "bench",
    "bind",
    "build",
    "compare",
    "draw",
    "explain",
    "folds",
    "gather",
    "index",
    "inside",
    "list_runs",
    "load_weights",
    "measure",
    "net",
    "parse",
    "plan",
    "play",
    "prune",
    "rate",
    "register",
    "render",
    "resume",
    "sample",
    "save_page",
    "search",
    "see",
    "slide",
    "step",
    "style",
    "train",
    "walk",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"striate.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'striate' has no attribute '{name}'")
    return getattr(import_module(f"striate.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)  # the face only
