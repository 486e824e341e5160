"""The `JointMap`: which joints of a data set the 17 joints of the package are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from posealign_keras.skeletons import BODY17


@dataclass(frozen=True)
class JointMap:
    """Which joints of a data set the joints of `BODY17` are.

    Args:
        sources: `{joint of BODY17: name in the data set}`, or names, whose mean is taken. Joints that are left out
            are not in the data set.
        approximate: Joints whose place is only roughly that of `BODY17`: good for motion, not for labels.

    Raises:
        ValueError: If a joint is none of `BODY17`.
    """

    sources: Mapping[str, str | Sequence[str]]
    approximate: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self):
        sources = {
            BODY17.joint_names[BODY17.index(joint)]: (names,) if isinstance(names, str) else tuple(names)
            for joint, names in self.sources.items()
        }
        object.__setattr__(self, "sources", sources)
        object.__setattr__(self, "approximate", frozenset(self.approximate))

    @classmethod
    def from_json(cls, path) -> Self:
        """Read `{"joint of BODY17": "name", "joint of BODY17": ["name", "name"], …}`.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is not of that form; the message names it.
        """
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
            if not isinstance(content, dict):
                raise ValueError("it holds no object")
            for names in content.values():
                listed = [names] if isinstance(names, str) else names
                if not isinstance(listed, list) or not listed or not all(isinstance(name, str) for name in listed):
                    raise ValueError(f"a joint must be a name or a list of names, not {names!r}")
            return cls(content)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path} is not a map of joints: {error}") from error

    def apply(self, positions: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Put the joints of a data set into the order of `BODY17`.

        Args:
            positions: `(T, J, D)` joints of the data set.
            names: Their J names.

        Returns:
            `(T, 17, D)`; NaN for joints that the data set does not have.

        Raises:
            ValueError: If a name is not there, or there twice.
        """
        index = {name: [place for place, other in enumerate(names) if other == name] for name in names}
        mapped = np.full((len(positions), BODY17.num_joints, positions.shape[-1]), np.nan)
        for joint, wanted in self.sources.items():
            for name in wanted:
                if len(index.get(name, ())) != 1:
                    found = "twice or more" if name in index else "not"
                    raise ValueError(f"joint {name!r}, for {joint}, is {found} among: {', '.join(names)}")
            chosen = positions[:, [index[name][0] for name in wanted]]
            mapped[:, BODY17.index(joint)] = chosen.mean(axis=1)
        return mapped

    @property
    def exact(self) -> np.ndarray:
        """`(17,)` bool: joints that are there, and not only roughly."""
        return np.array([name in self.sources and name not in self.approximate for name in BODY17.joint_names])
