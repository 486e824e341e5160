from dataclasses import replace

import numpy as np
import pytest

from posealign_keras.skeletons import BODY17, Skeleton, get_skeleton, register_skeleton

CHAIN = Skeleton("chain", ("root", "middle", "end"), (-1, 0, 1), (0, 1, 2), (0, 1, 2))


def test_body17_has_the_order_of_human36m():
    assert BODY17.num_joints == 17
    assert BODY17.num_bones == 16
    assert BODY17.parents == (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
    assert BODY17.mirror == (0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13)
    assert [i for i, side in enumerate(BODY17.sides) if side == "left"] == [4, 5, 6, 11, 12, 13]
    assert [i for i, side in enumerate(BODY17.sides) if side == "right"] == [1, 2, 3, 14, 15, 16]


def test_body17_has_equal_sides_and_the_size_of_an_adult():
    lengths = np.array(BODY17.bone_lengths)
    np.testing.assert_array_equal(lengths, lengths[list(BODY17.mirror)])
    leg_and_trunk = sum(BODY17.bone_lengths[BODY17.index(name)] for name in ("r_knee", "r_ankle", "spine", "thorax"))
    head = sum(BODY17.bone_lengths[BODY17.index(name)] for name in ("neck_nose", "head_top"))
    assert 1.5 < leg_and_trunk + head < 1.75  # From the ankle to the top of the head.


@pytest.mark.parametrize("skeleton", [BODY17, CHAIN])
def test_paths_lead_from_the_root_to_each_joint(skeleton):
    for joint in range(skeleton.num_joints):
        walked, at = set(), joint
        while at:
            walked.add(at - 1)
            at = skeleton.parents[at]
        assert set(np.flatnonzero(skeleton.paths[joint])) == walked
    with pytest.raises(ValueError, match="read-only"):
        skeleton.paths[0, 0] = 1


def test_edges_list_parent_and_child_of_each_bone():
    assert CHAIN.edges == ((0, 1), (1, 2))
    assert [child for _, child in BODY17.edges] == list(range(1, 17))


def test_joints_by_name_alias_and_index():
    assert BODY17.index("head") == BODY17.index("head_top") == 10
    assert BODY17.indices() == tuple(range(17))
    assert BODY17.indices("pelvis") == BODY17.indices(0) == (0,)
    assert BODY17.indices(["neck", np.int64(3), "l_wrist"]) == (9, 3, 13)
    with pytest.raises(ValueError, match="Skeleton 'body17' has no joint 'tail'"):
        BODY17.index("tail")
    for joints in ([], [17], [-1]):
        with pytest.raises(ValueError, match="`joints` must be names or indices from 0 to 16"):
            BODY17.indices(joints)


def test_order_from_other_lists_of_joints():
    names = ["head", "unused", *reversed([name for name in BODY17.joint_names if name != "head_top"])]
    order = BODY17.order_from(names)
    assert [BODY17.aliases.get(names[i], names[i]) for i in order] == list(BODY17.joint_names)
    with pytest.raises(ValueError, match="missing or repeated: pelvis"):
        BODY17.order_from(BODY17.joint_names[1:])
    with pytest.raises(ValueError, match="missing or repeated: head_top"):
        BODY17.order_from([*BODY17.joint_names, "head"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parents": (-1, 0)}, "`parents` must have one entry per joint"),
        ({"joint_names": ("root", "end", "end")}, "`joint_names` must be unique"),
        ({"parents": (-1, 2, 0)}, "`parents` must start with -1"),
        ({"parents": (0, 0, 1)}, "`parents` must start with -1"),
        ({"mirror": (1, 2, 0)}, "`mirror` must be a permutation that undoes itself"),
        ({"mirror": (0, 2, 1)}, "`mirror` must map the tree onto itself"),
        ({"bone_lengths": (0, 1, 0)}, "`bone_lengths` must be 0 for the root"),
        ({"aliases": {"tip": "tail"}}, "`aliases` name joints that do not exist"),
    ],
)
def test_what_is_no_skeleton_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(CHAIN, **change)


def test_skeletons_by_name():
    assert get_skeleton("body17") is BODY17
    assert get_skeleton(CHAIN) is CHAIN
    assert register_skeleton(BODY17) is BODY17
    with pytest.raises(ValueError, match="`name` must be one of"):
        get_skeleton("centaur")
    with pytest.raises(ValueError, match="`skeleton` differs from the one already registered"):
        register_skeleton(replace(BODY17, aliases={}))
