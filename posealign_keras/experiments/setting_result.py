"""`SettingResult`: the tables of a setting, with the paper's figures beside the measured ones."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from posealign_keras.evaluation import EvaluationResult, Table, get_protocol
from posealign_keras.experiments.setting import Setting
from posealign_keras.experiments.target_test import TargetTest

MODELS = {
    "source_only": "source-only",
    "normalized": "+ statistics of the target",
    "adapted": "adapted",
}
"""The estimators that are measured, and what a table calls them."""


@dataclass(frozen=True)
class SettingResult:
    """What `run_setting` returns.

    Args:
        setting: The `Setting`.
        results: `{name of the estimator: {name of the protocol: EvaluationResult}}`.
        arguments: What else the results depend on: the networks' sizes, the plan, the seed, the records.

    Example:
        >>> from posealign_keras.evaluation import evaluate_poses
        >>> from posealign_keras.experiments import TargetTest
        >>> tests = (TargetTest("pw3d", ("pw3d",)),)
        >>> setting = Setting(name="to_pw3d", title="To 3DPW", source=("surreal",), target="pw3d", tests=tests)
        >>> pose = np.random.default_rng(0).normal(size=(6, 17, 3))
        >>> frames = {"dataset": "pw3d", "sequence": "downtown", "subject": "0"}
        >>> perfect = evaluate_poses(pose, pose, "pw3d", **frames)
        >>> result = SettingResult(setting, {"adapted": {"pw3d": perfect}})
        >>> list(result.tables())
        ['pw3d']
    """

    setting: Setting
    results: Mapping[str, Mapping[str, EvaluationResult]]
    arguments: dict[str, Any] = field(default_factory=dict)

    def tables(self) -> dict[str, Table]:
        """A table for each protocol: a row for each estimator, and one for what the paper reports."""
        return {name: self._table(test, name) for test in self.setting.tests for name in test.protocols}

    def _table(self, test, name):
        protocol = get_protocol(name)
        rows: list[tuple] = [
            (MODELS.get(model, model), *(results[name].overall[measure.name] for measure in protocol.measures))
            for model, results in self.results.items()
        ]
        reported = dict(test.reported)
        figures = [reported.get(measure.name) for measure in protocol.measures]
        if any(figure is not None for figure in figures):
            rows.append(("reported in the paper", *figures))
        titles = ("", *(measure.title for measure in protocol.measures))
        return Table(titles, tuple(rows))

    def statements(self, protocol: str) -> list[str]:
        """What has to be said beside the table of a protocol."""
        return next(iter(self.results.values()))[protocol].statements()

    def to_markdown(self) -> str:
        """All tables, and what has to be said beside them, as Markdown."""
        parts = [f"# {self.setting.title}\n", *(f"- {note}\n" for note in self.setting.notes)]
        for name, table in self.tables().items():
            facts = "".join(f"- {text}\n" for text in self.statements(name))
            parts.append(f"\n## {get_protocol(name).title}\n\n{table.to_markdown()}\n{facts}")
        return "".join(parts)

    def to_latex(self) -> str:
        """All tables, one after the other; each needs the package `booktabs`."""
        return "\n".join(
            f"% {self.setting.title}: {get_protocol(name).title}\n{table.to_latex()}"
            for name, table in self.tables().items()
        )

    def to_json(self) -> str:
        """Everything, for `from_json`."""
        results = {
            model: {name: json.loads(result.to_json()) for name, result in of_model.items()}
            for model, of_model in self.results.items()
        }
        content = {"setting": asdict(self.setting), "results": results, "arguments": self.arguments}
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The result of which `to_json` gave the text.

        Raises:
            ValueError: If it is not such a text.
        """
        try:
            content = json.loads(text)
            results = {
                model: {name: EvaluationResult.from_json(json.dumps(one)) for name, one in of_model.items()}
                for model, of_model in content["results"].items()
            }
            return cls(_setting(content["setting"]), results, content["arguments"])
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"`text` must be what `SettingResult.to_json` gives: {error}") from error


def _setting(arguments):
    tests = tuple(
        TargetTest(test["dataset"], tuple(test["protocols"]), tuple(map(tuple, test["reported"])))
        for test in arguments["tests"]
    )
    names = ("source", "labelled_subjects", "notes")
    return Setting(**{**arguments, **{name: tuple(arguments[name]) for name in names}, "tests": tests})
