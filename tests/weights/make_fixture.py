"""Makes `foreign.json.gz`: names, shapes and a few logits of torchvision's networks under weights that names decide.

Needs torchvision, in an environment of its own; nothing of the project or its tests imports it.

    python make_fixture.py alexnet vgg11 vgg13 …
"""

import gzip
import importlib
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from by_name import tensor_for


def main(names: list[str]) -> None:
    """Writes the fixture beside this file."""
    models = importlib.import_module("torchvision.models")
    rows = {}
    for name in names:
        options = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
        model = getattr(models, name)(**options).eval()
        entries = {key: list(value.shape) for key, value in model.state_dict().items()}
        model.load_state_dict({key: tensor_for(key, shape) for key, shape in entries.items()})
        with torch.inference_mode():
            logits = model(tensor_for("input", [1, 3, 224, 224]))
        rows[name] = {"entries": entries, "logits": logits[0, ::100].tolist(), "largest": float(logits.abs().max())}
        print(name, len(entries), rows[name]["largest"])
    path = Path(__file__).parent / "foreign.json.gz"
    path.write_bytes(gzip.compress(json.dumps(rows).encode(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1:])
