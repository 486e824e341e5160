"""MATLAB files that are whole, damaged, or made to do harm."""

import contextlib
import random
import struct

import h5py
import numpy as np
import pytest
import scipy.io

from tfrecords_tools.formats.matlab import load_matlab, open_hdf5, read_hdf5

_HEAD = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def header(array_class, sizes, name=b"a"):
    return (
        element(6, struct.pack("<II", array_class, 0))
        + element(5, struct.pack(f"<{len(sizes)}i", *sizes))
        + element(1, name)
    )


def write_example(path, compressed=False):
    cells = np.empty((3, 1), object)
    for index in range(3):
        cells[index, 0] = np.random.default_rng(index).normal(size=(4, 6))
    content = {
        "annot": cells,
        "nested": {"x": 1, "text": "abc", "list": [1, "a", [2, 3]]},
        "empty": np.zeros((0, 3)),
        "complex": 1 + 2j,
        "flags": np.array([True, False]),
        "names": np.array(["ab", "cde"]),
    }
    scipy.io.savemat(path, content, do_compression=compressed)
    return cells


@pytest.mark.parametrize("compressed", [False, True])
def test_reads_cells_structs_texts_and_numbers(tmp_path, compressed):
    cells = write_example(tmp_path / "a.mat", compressed)
    content = load_matlab(tmp_path / "a.mat")
    assert set(content) == {"annot", "nested", "empty", "complex", "flags", "names"}
    np.testing.assert_array_equal(content["annot"][1, 0], cells[1, 0])
    assert content["nested"]["text"][0, 0][0] == "abc"
    assert set(load_matlab(tmp_path / "a.mat", ["empty"])) == {"empty"}
    with pytest.raises(ValueError, match=r"a\.mat must hold the variables empty, other; not there: other"):
        load_matlab(tmp_path / "a.mat", ["empty", "other"])


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_ends_in_an_error_at_worst(tmp_path, compressed):
    path = tmp_path / "a.mat"
    write_example(path, compressed)
    whole, draw = path.read_bytes(), random.Random(0)
    for length in (0, 1, 100, 127, 140, 200, len(whole) // 2, len(whole) - 9):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"a\.mat cannot be read"):
            load_matlab(path)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        path.write_bytes(damaged)
        # Damage of numbers alone cannot be seen.
        with contextlib.suppress(ValueError):
            load_matlab(path)


def test_files_that_end_the_process_with_scipy_alone_are_refused(tmp_path):
    path = tmp_path / "a.mat"
    nested = element(14, header(1, (1, 1)))
    for _ in range(60):
        nested = element(14, header(1, (1, 1)) + nested)
    lying = struct.pack("<II", 14, 64) + header(1, (1, 1), b"")
    for content in (
        nested,
        struct.pack("<II", 14, 2**31 - 1) + header(1, (1, 1)) + lying * 100_000,
        element(14, header(1, (65536, 32768))),
        element(14, header(6, (1, 1)) + element(14, b"")),
        element(14, header(6, (1, 1)) + element(200, b"12345678")),
        element(14, header(99, (1, 1)) + element(9, b"12345678")),
        element(14, header(2, (1, 1)) + element(5, struct.pack("<i", 0)) + element(1, b"ab")),
    ):
        path.write_bytes(_HEAD + content)
        with pytest.raises(ValueError, match=r"a\.mat cannot be read as a MATLAB file"):
            load_matlab(path)


def test_hdf5_errors_name_the_file(tmp_path):
    path = tmp_path / "b.mat"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(6).reshape(2, 3)
        file["text"] = "abc"
        file["group/inner"] = 1
    with open_hdf5(path) as file:
        np.testing.assert_array_equal(read_hdf5(file, "numbers"), [[0, 1, 2], [3, 4, 5]])
    for name in ("text", "group", "other"):
        with pytest.raises(ValueError, match=r"b\.mat"), open_hdf5(path) as file:
            read_hdf5(file, name)
    with pytest.raises(ValueError, match=r"b\.mat cannot be read"), open_hdf5(path) as file:
        file["other"]
    path.write_bytes(b"noise")
    with pytest.raises(ValueError, match=r"b\.mat cannot be read"), open_hdf5(path):
        pass
    for opened in (load_matlab, lambda path: open_hdf5(path).__enter__()):
        with pytest.raises(FileNotFoundError, match=r"nowhere\.mat"):
            opened(tmp_path / "nowhere.mat")
