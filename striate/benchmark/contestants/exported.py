"""Our module as an ONNX file, for the packages that run one."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch

from striate.benchmark.contestants.base import Job


def export(job: Job, folder: Path) -> Path:
    """The file with the network and its weights; for batches of the job's size."""
    path = folder / "network.onnx"
    sample = job.on_cpu().images[: job.batch]
    loud = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(job.model().eval(), (sample,), path, input_names=["images"], verbose=False)
    finally:
        logging.getLogger("torch.onnx").setLevel(loud)
    return path
