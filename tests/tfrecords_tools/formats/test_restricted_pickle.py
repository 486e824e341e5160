"""Pickles of data are read, and no others, whatever they try."""

import builtins
import os
import pickle
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python2_pickle import python2_pickle

from tfrecords_tools.formats.restricted_pickle import load_pickle

CONTENT = {
    "sequence": "courtyard_00",
    "poses": [np.arange(12.0).reshape(3, 4), np.ones((2, 3), "float32")],
    "cam_poses": np.asfortranarray(np.arange(24, dtype=">i2").reshape(2, 3, 4)),
    "bytes": np.arange(256, dtype="uint8"),
    "valid": np.array([True, False]),
    "genders": np.array(["m", "f"]),
    "objects": np.array([np.zeros(2), None, "text"], object),
    "empty": np.zeros((0, 3)),
    "scalars": (np.float64(0.25), np.int32(-7), 3, -(10**30), 0.5, None, True, False),
    "nested": {"é": [1, [2, (3,)]], 5: ()},
}


def assert_same(found, expected):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(found[key], value)
    elif isinstance(expected, list | tuple):
        assert type(found) is type(expected)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray) and expected.dtype == object:
        assert_same(list(found), list(expected))
    elif isinstance(expected, np.ndarray):
        assert found.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)
    else:
        assert found == expected
        assert type(found) is type(expected)


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "data.pkl"

    def of_bytes(data):
        path.write_bytes(data)
        return load_pickle(path)

    return of_bytes


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_reads_what_python_3_writes(load, protocol):
    assert_same(load(pickle.dumps(CONTENT, protocol)), CONTENT)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_reads_what_python_2_writes(load, protocol):
    data = python2_pickle(CONTENT, protocol)
    assert b"numpy.core" in data
    assert_same(load(data), CONTENT)


def test_one_array_in_two_places_is_one(load):
    array = np.arange(3.0)
    found = load(pickle.dumps([array, array]))
    assert found[0] is found[1]


class _Calls:
    def __init__(self, function, *arguments, state=None):
        self.result = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.result


def _global(module, name, arguments=b"("):
    return f"c{module}\n{name}\n".encode() + arguments + b"tR."


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {path}",)),
        (builtins.eval, ("open('{path}', 'w')",)),
        (builtins.open, ("{path}", "w")),
        (os.mkdir, ("{path}",)),
        (np.save, ("{path}", 3)),
    ],
)
def test_code_is_refused_and_not_run(load, tmp_path, protocol, function, arguments):
    made = tmp_path / "made"
    attack = _Calls(function, *(str(one).format(path=made) if isinstance(one, str) else one for one in arguments))
    data = pickle.dumps({"poses": [np.zeros(3)], "attack": attack}, protocol)
    with pytest.raises(ValueError, match=rf"data\.pkl.*would call .*{function.__name__}"):
        load(data)
    assert list(tmp_path.iterdir()) == [tmp_path / "data.pkl"]


@pytest.mark.parametrize(
    "data",
    [
        _global("__builtin__", "getattr"),
        _global("builtins", "set"),
        _global("numpy.core.multiarray", "fromfile"),
        _global("numpy._core.multiarray", "_reconstruct.__globals__"),
        _global("numpy", "load"),
        _global("_codecs", "decode"),
        _global("evil.core.multiarray", "_reconstruct"),
        _global("tfrecords_tools.formats.restricted_pickle", "_Dtype"),
        b"(inumpy\nndarray\n.",
        b"(S'touch'\nios\nsystem\n.",
        b"\x80\x02cnumpy\nndarray\n)\x81.",
        b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93)}\x92.",
        b"\x80\x02\x82\x01.",
        b"Psomething\n.",
        b"\x80\x05\x97.",
        pickle.dumps({1, 2}),
        pickle.dumps(frozenset([1])),
        pickle.dumps(Fraction(1, 2)),
        pickle.dumps(np.dtype([("a", "f8")])),
        pickle.dumps(np.zeros(2, "M8[s]")),
        pickle.dumps(np.zeros(2, [("a", "O")])),
        pickle.dumps({(1, 2): 3}),
    ],
)
def test_what_makes_no_plain_data_is_refused(load, data):
    with pytest.raises(ValueError, match=r"data\.pkl must be a pickle of numbers"):
        load(data)


def _array_with_state(*state, shape=(0,)):
    return pickle.dumps(_Calls(np._core.multiarray._reconstruct, np.ndarray, shape, b"b", state=state), 4)


class _DtypeWithoutFlags:
    """`dtype('O')` that claims to hold no objects: with it, any bytes would be taken for addresses of objects."""

    def __reduce__(self):
        return np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0)


FLOATS, OBJECTS = np.dtype("f8"), np.dtype("O")


@pytest.mark.parametrize(
    "state",
    [
        (1, (10**12,), FLOATS, False, b""),
        (1, (10**12,), OBJECTS, False, [None]),
        (1, (2**62, 2**62), FLOATS, False, b""),
        (1, (-1,), FLOATS, False, b"12345678"),
        (1, 3, FLOATS, False, b"1"),
        (1, (2,), FLOATS, False, b"1" * 15),
        (1, (1,), OBJECTS, False, b"A" * 8),
        (1, (1,), _DtypeWithoutFlags(), False, b"A" * 8),
        (1, (1,), 5, False, b"A" * 8),
        (1, (1,), FLOATS, False, 10**10),
        (1, (1,) * 40, FLOATS, False, b"A" * 8),
    ],
)
def test_damaged_arrays(load, state):
    with pytest.raises(ValueError, match=r"data\.pkl.*array"):
        load(_array_with_state(*state))


def test_nothing_is_allocated_before_there_is_data_for_it(load):
    array = load(_array_with_state(1, (1,), FLOATS, False, b"A" * 8, shape=(10**13,)))
    assert array.shape == (1,)
    for opcode in (pickle.BINBYTES8, pickle.BYTEARRAY8, pickle.BINUNICODE8, pickle.FRAME):
        with pytest.raises(ValueError, match=r"data\.pkl"):
            load(b"\x80\x05" + opcode + struct.pack("<Q", 2**40) + b"1234")
    # A place in the memory of the unpickler, of which the one in C makes a table.
    with pytest.raises(ValueError, match=r"data\.pkl"):
        load(b"Nr\xff\xff\xff\xff0")


def test_text_that_is_used_again_and_again_does_not_grow(load):
    text = "x" * 100_000
    data = pickle.dumps([_Calls(__import__("_codecs").encode, text, "latin1") for _ in range(1000)], 2)
    assert len(data) < 150_000
    with pytest.raises(ValueError, match="more data than it holds"):
        load(data)


def test_tuples_that_take_forever_to_hash(load):
    bomb = ()
    for _ in range(100):
        bomb = (bomb, bomb)
    nested = load(pickle.dumps([bomb]))
    assert len(nested[0]) == 2
    with pytest.raises(ValueError, match="keys"):
        load(pickle.dumps([bomb])[:-2] + b"}h\x00N" + b"s.")
    body = pickle.dumps(bomb, 2)[:-1]
    for tail in (b"0}" + b"h\x00Ns.", b"\x85}" + b"(h\x01h\x01u."):
        with pytest.raises(ValueError, match=r"data\.pkl"):
            load(body + tail)


def test_damaged_files(load, tmp_path):
    data = python2_pickle(CONTENT, 2)
    for length in range(0, len(data) - 1, 7):
        with pytest.raises(ValueError, match=r"data\.pkl"):
            load(data[:length])
    with pytest.raises(FileNotFoundError, match="absent"):
        load_pickle(tmp_path / "absent.pkl")
    with pytest.raises(FileNotFoundError):
        load_pickle(tmp_path)


def test_huge_files_are_not_read(tmp_path):
    path = tmp_path / "huge.pkl"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    with pytest.raises(ValueError, match=r"huge\.pkl.*bytes"):
        load_pickle(path)


def assert_reads_or_names(path):
    """Nothing but a `ValueError` that names the file may be raised."""
    message = path.name
    try:
        load_pickle(path)
    except ValueError as error:
        message = str(error)
    assert path.name in message


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "random.pkl"
    path.write_bytes(data)
    assert_reads_or_names(path)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), protocol=st.integers(0, 5))
def test_changed_bytes(place, value, protocol, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "changed.pkl"
    data = bytearray(pickle.dumps(CONTENT, protocol))
    data[place % len(data)] = value
    path.write_bytes(data)
    assert_reads_or_names(path)
