"""Texts with branches that begin at labels: drawn by hypothesis, every value of one size so that any two may meet."""

from hypothesis import strategies as st

CHANNELS, SIZE = 4, 6
STEPS = ("conv 4@3 pad 1", "relu", "bn", "maxpool 3 stride 1 pad 1", "conv 4@1 -> tanh", "avgpool 3 stride 1 pad 1")


@st.composite
def texts(draw: st.DrawFn, dims: int = 2, parts: bool = True) -> str:
    """`input … -> a0: … -> sum[ from a0 | … ] -> …`; with `parts` some labels stand on brackets."""
    lines, labels = [f"input {'x'.join(map(str, (CHANNELS, *[SIZE] * dims)))}"], list[str]()
    for number in range(draw(st.integers(2, 7))):
        lines.append(f"a{number}: " + draw(_element(labels, parts)))
        labels.append(f"a{number}")
    return "\n".join([*lines, "fc 3"])


def _element(labels: list[str], parts: bool) -> st.SearchStrategy[str]:
    step = st.sampled_from(STEPS)
    if not labels:
        return step.filter(lambda text: "->" not in text)
    branch = st.builds("from {} -> {}".format, st.sampled_from(labels), step) | st.builds(
        "from {}".format, st.sampled_from(labels)
    )
    sums = st.lists(branch, min_size=1, max_size=2).map(lambda found: f"sum[ {' | '.join([*found, 'id'])} ]")
    concats = branch.map(lambda one: f"[concat[ {one} | id ] -> conv {CHANNELS}@1]")
    bodies = branch.map(lambda one: f"residual[ relu -> sum[ {one} | id ] ]")
    plain = step.filter(lambda text: "->" not in text)
    return st.one_of(sums, concats, bodies, plain) if parts else st.one_of(sums, plain)
