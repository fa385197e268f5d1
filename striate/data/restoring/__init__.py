"""Pictures made worse, and pairs of a worse and a good one: what networks learn to restore pictures from."""

from .finding import Pair, Pictures, are_pairs, find

__all__ = ["Pair", "Pictures", "are_pairs", "find"]
