"""MLflow: a run of the experiment `striate`, where `$MLFLOW_TRACKING_URI` says, or in `mlflow.db` beside the runs."""

from __future__ import annotations

import os
from collections.abc import Mapping

from striate.runs.logs.logs import Beginning
from striate.training.moment import Moment

EXPERIMENT, ADDRESS = "striate", "MLFLOW_TRACKING_URI"
FOLDER = "mlruns"


class Log:
    """Settings as parameters, figures as metrics by epoch."""

    def __init__(self, beginning: Beginning) -> None:
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # a folder is what needs no server and no database
        from mlflow.tracking import MlflowClient

        place = os.environ.get(ADDRESS) or (beginning.root.parent / FOLDER).resolve().as_uri()
        self.client = MlflowClient(place)
        self.run = beginning.kept("mlflow.txt", lambda: self._begun(beginning))
        self.epochs = beginning.at[0]

    def _begun(self, beginning: Beginning) -> str:
        """A new run in the experiment; its number."""
        found = self.client.get_experiment_by_name(EXPERIMENT)
        place = found.experiment_id if found else self.client.create_experiment(EXPERIMENT)
        run: str = self.client.create_run(place, run_name=beginning.name).info.run_id
        for name, value in beginning.settings().items():
            self.client.log_param(run, name, value)
        return run

    def batch(self, now: Moment, loss: float) -> None:
        """Nothing: epochs are kept."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """A value of each metric."""
        self.epochs = int(row["epoch"])
        for name, value in row.items():
            if name != "epoch":
                self.client.log_metric(self.run, name, value, step=self.epochs)

    def end(self, figures: Mapping[str, float]) -> None:
        """The figures of the weights that are kept."""
        for name, value in figures.items():
            self.client.log_metric(self.run, f"kept_{name}", value, step=self.epochs)
        self.client.set_terminated(self.run)
