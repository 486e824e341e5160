"""`EvaluationResult`: the figures of one evaluation with the protocol beside them."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from posealign_keras.evaluation.protocol import Protocol
from posealign_keras.evaluation.table import Table, latex_text


@dataclass(frozen=True)
class EvaluationResult:
    """What `evaluate` and `evaluate_poses` return.

    Args:
        protocol: The `Protocol`.
        overall: `{measure: figure}`: millimetres or percent, NaN where no frame has what the measure needs.
        groups: The same for each group, `{group: {measure: figure}}`, in the order of the table.
        frames: Frames that count in each group.
        combined: The same as `groups` for the rows that put groups together.
        per_joint: `{joint: {measure: figure}}`, over all frames alike.
        left_out: Frames that do not count, by the reason.
        notes: What was missing, or is special about this evaluation.

    Example:
        >>> from posealign_keras.evaluation import evaluate_poses
        >>> pose = np.random.default_rng(0).normal(size=(70, 17, 3))
        >>> result = evaluate_poses(pose + 0.01, pose, "real_video", sequence="cam01")
        >>> result.num_frames, list(result.groups)
        (70, ['cam01'])
        >>> EvaluationResult.from_json(result.to_json()).frames == result.frames
        True
    """

    protocol: Protocol
    overall: dict[str, float]
    groups: dict[str, dict[str, float]]
    frames: dict[str, int]
    combined: dict[str, dict[str, float]] = field(default_factory=dict)
    per_joint: dict[str, dict[str, float]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def num_frames(self) -> int:
        """Frames that count."""
        return sum(self.frames.values())

    def table(self) -> Table:
        """A row for each group, and one for the whole."""
        protocol = self.protocol
        names = [measure.name for measure in protocol.measures]
        members = dict(protocol.combined)
        rows = [[group, self.frames[group], *map(figures.get, names)] for group, figures in self.groups.items()]
        for name, figures in self.combined.items():
            rows.append([name, sum(self.frames.get(group, 0) for group in members[name]), *map(figures.get, names)])
        mean = f"mean of {protocol.group_by}s" if protocol.average == "groups" else "all frames"
        rows.append([mean, self.num_frames, *map(self.overall.get, names)])
        titles = (protocol.group_by, "frames", *(measure.title for measure in protocol.measures))
        return Table(titles, tuple(map(tuple, rows)), final_rows=1)

    def statements(self) -> list[str]:
        """What has to be said beside the table, a sentence or fact each."""
        facts = [f"{name}: {text}" for name, text in self.protocol.facts().items()]
        left_out = [f"{count} frames left out: {reason}" for reason, count in self.left_out.items()]
        return [*facts, *left_out, *self.protocol.notes, *self.notes]

    def to_markdown(self) -> str:
        """The table, and what has to be said beside it, as Markdown."""
        return self.table().to_markdown() + "\n" + "".join(f"- {text}\n" for text in self.statements())

    def to_latex(self) -> str:
        """The same as a LaTeX `table`; needs the package `booktabs`."""
        caption = latex_text(". ".join(text.rstrip(".") for text in self.statements()) + ".").replace("`", "'")
        return "\\begin{table}\n\\centering\n" + self.table().to_latex() + f"\\caption{{{caption}}}\n\\end{{table}}\n"

    def to_json(self) -> str:
        """Everything, for `from_json`; figures that are not numbers become `null`."""
        content = {
            "protocol": self.protocol.to_dict(),
            "facts": self.protocol.facts(),
            "overall": _without_nan(self.overall),
            **{
                name: {key: _without_nan(figures) for key, figures in getattr(self, name).items()}
                for name in ("groups", "combined", "per_joint")
            },
            "frames": self.frames,
            "left_out": self.left_out,
            "notes": list(self.notes),
        }
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The result of which `to_json` gave the text.

        Raises:
            ValueError: If it is not such a text.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            return cls(
                protocol=Protocol.from_dict(content["protocol"]),
                overall=_with_nan(content["overall"]),
                frames={name: int(count) for name, count in content["frames"].items()},
                left_out={name: int(count) for name, count in content["left_out"].items()},
                notes=tuple(content["notes"]),
                **{
                    name: {key: _with_nan(figures) for key, figures in content[name].items()}
                    for name in ("groups", "combined", "per_joint")
                },
            )
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            raise ValueError(f"`text` must be what `EvaluationResult.to_json` gives: {error}") from error


def comparison_table(results: Mapping[str, EvaluationResult], measure: str) -> Table:
    """Several results side by side: a row for each, a column for each group and the whole.

    Args:
        results: `{name of the row: result}`, all of one protocol.
        measure: Name of the measure.

    Returns:
        The `Table`, as papers print it: with the actions of Human3.6M as columns, for instance.

    Raises:
        ValueError: If there are no results, they are of several protocols, or lack the measure.

    Example:
        >>> from posealign_keras.evaluation import evaluate_poses
        >>> pose = np.random.default_rng(0).normal(size=(2, 17, 3))
        >>> noise = np.random.default_rng(1).normal(size=pose.shape)
        >>> results = {
        ...     name: evaluate_poses(pose + size * noise, pose, "real_video", sequence="cam01")
        ...     for name, size in {"better": 0.01, "worse": 0.1}.items()
        ... }
        >>> comparison_table(results, "pa_mpjpe").columns
        ('PA-MPJPE (mm)', 'cam01', 'mean')
    """
    protocols = {result.protocol for result in results.values()}
    if len(protocols) != 1:
        raise ValueError(
            "`results` must be of one protocol, or their figures could not be compared. "
            f"Received: {sorted(protocol.name for protocol in protocols)}"
        )
    (protocol,) = protocols
    names = [one.name for one in protocol.measures]
    if measure not in names:
        raise ValueError(f"`measure` must be one of {names}. Received: measure={measure!r}")
    groups = list(dict.fromkeys(group for result in results.values() for group in result.groups))
    rows = tuple(
        (name, *(result.groups.get(group, {}).get(measure) for group in groups), result.overall[measure])
        for name, result in results.items()
    )
    title = next(one.title for one in protocol.measures if one.name == measure)
    return Table((title, *groups, "mean"), rows)


def _without_nan(figures):
    return {name: None if math.isnan(value) else value for name, value in figures.items()}


def _with_nan(figures):
    return {name: math.nan if value is None else float(value) for name, value in figures.items()}
