"""What makers publish of their cards: peaks, which no training reaches, and so lower bounds of time.

>>> card("h100").memory
80000000000.0
"""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import InputError, nearest


@dataclass(frozen=True)
class Card:
    """A card as its data sheet has it.

    Attributes:
        name: What it is called here.
        title: Its full name.
        bfloat16: Operations per second of matrix units in bfloat16 (of the V100 and T4 in float16), without sparsity.
        float32: Operations per second in float32 outside matrix units.
        memory: Bytes.
        link: Bytes per second to other cards, in one direction.
        source: Where that is published.
    """

    name: str
    title: str
    bfloat16: float
    float32: float
    memory: float
    link: float
    source: str


#              title             bf16  fp32  GB  GB/s, one direction
_ROWS = {
    "h200": ("NVIDIA H200 SXM", 989.5, 67.0, 141, 450, "NVIDIA H200 Tensor Core GPU data sheet, 2024"),
    "h100": ("NVIDIA H100 SXM", 989.5, 67.0, 80, 450, "NVIDIA H100 Tensor Core GPU data sheet, 2024"),
    "a100": ("NVIDIA A100 SXM 80 GB", 312.0, 19.5, 80, 300, "NVIDIA A100 Tensor Core GPU data sheet, 2021"),
    "v100": ("NVIDIA V100 SXM2 32 GB", 125.0, 15.7, 32, 150, "NVIDIA V100 Tensor Core GPU data sheet, 2020"),
    "l4": ("NVIDIA L4", 121.0, 30.3, 24, 32, "NVIDIA L4 Tensor Core GPU data sheet, 2023"),
    "t4": ("NVIDIA T4", 65.0, 8.1, 16, 16, "NVIDIA T4 data sheet, 2019"),
}
CARDS = {
    name: Card(name, title, bf16 * 1e12, fp32 * 1e12, memory * 1e9, link * 1e9, source)
    for name, (title, bf16, fp32, memory, link, source) in _ROWS.items()
}


def card(name: str) -> Card:
    """A card by its name.

    Raises:
        InputError: There is none of that name.
    """
    if name.lower() not in CARDS:
        raise InputError(f"no card '{name}'{nearest(name, CARDS)}; there are {', '.join(CARDS)}")
    return CARDS[name.lower()]
