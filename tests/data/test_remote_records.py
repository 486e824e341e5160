"""Records behind URLs: S3, HTTP, HDFS, TensorFlow's file system in memory; and arrays of HDF5 files.

What needs `tensorflow_io` runs in an environment of the extra `io` (see `.ci/run`), and is skipped elsewhere. There
the error must say which versions are needed.
"""

import functools
import http.server
import io
import os
import re
import subprocess
import sys
import threading
import uuid

import numpy as np
import pytest

from posealign_keras.data import (
    POSE_SEQUENCE,
    Manifest,
    RecordWriter,
    describe,
    load_arrays,
    load_poses,
    load_sequences,
    pose_sequences,
    read_hdf5,
    verify_records,
)
from posealign_keras.data.remote_path import RemotePath
from posealign_keras.data.tensorflow_import import import_tensorflow_io

tf = pytest.importorskip("tensorflow")

try:
    import_tensorflow_io("A test")
    REASON = ""
except ImportError as error:
    REASON = str(error)
needs_tensorflow_io = pytest.mark.skipif(bool(REASON), reason=REASON)
without_tensorflow_io = pytest.mark.skipif(not REASON, reason="tensorflow_io is here")
PAIR = r"tensorflow 2\.16 with tensorflow-io 0\.37.*posealign_keras\[io\].*Received: tensorflow \d"


def write(directory, count=6, split="train", shard_size_mb=0.02):
    """Records of different positions in several shards."""
    with RecordWriter(directory, POSE_SEQUENCE, split, shard_size_mb=shard_size_mb) as writer:
        for index in range(count):
            positions = np.random.default_rng(index).normal(size=(31, 17, 3)).astype("float32")
            writer.write(
                {
                    "positions": positions,
                    "joint_validity": np.ones(17, bool),
                    "coordinate_frame": "camera",
                    "dataset": "fake",
                    "subject": "S1",
                    "sequence": f"s{index}",
                    "frame_index": index,
                    "fps": 30.0,
                }
            )
    return directory


class Memory:
    """TensorFlow's own file system in memory."""

    def __init__(self):
        self.root = f"ram://{uuid.uuid4().hex}"

    def put(self, name, content):
        path = f"{self.root}/{name}"
        tf.io.gfile.makedirs(os.path.dirname(path))
        if tf.io.gfile.exists(path):
            tf.io.gfile.remove(path)  # writing would append
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(content)

    def remove(self, name):
        tf.io.gfile.remove(f"{self.root}/{name}")


class Bucket:
    """A bucket of a server that speaks S3."""

    def __init__(self, client):
        self.client, self.name = client, uuid.uuid4().hex
        self.root = f"s3://{self.name}"
        client.create_bucket(Bucket=self.name)

    def put(self, name, content):
        self.client.put_object(Bucket=self.name, Key=name, Body=content)

    def remove(self, name):
        self.client.delete_object(Bucket=self.name, Key=name)


@pytest.fixture(scope="module")
def s3_client():
    """A client of an S3 server on the loopback, which TensorFlow's S3 file system is told to use."""
    boto3, server = pytest.importorskip("boto3"), pytest.importorskip("moto.server")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1"}.items():
            patch.setenv(f"AWS_{name}", value)
        running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        running.start()
        address = "http://{}:{}".format(*running.get_host_and_port())
        patch.setenv("S3_ENDPOINT", address)
        patch.setenv("S3_USE_HTTPS", "0")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield boto3.client("s3", endpoint_url=address, region_name="us-east-1")
        running.stop()


@pytest.fixture(params=["ram", pytest.param("s3", marks=needs_tensorflow_io)])
def store(request):
    """A place behind a URL, `root`, to which files can be put."""
    return Memory() if request.param == "ram" else Bucket(request.getfixturevalue("s3_client"))


@pytest.fixture
def published(store, tmp_path):
    """The directory of records on the disk, and the URL of their copy."""
    directory = write(tmp_path / "pose_sequence")
    for path in directory.iterdir():
        store.put(f"records/first/pose_sequence/{path.name}", path.read_bytes())
    return directory, f"{store.root}/records/first/pose_sequence"


def positions_of(dataset):
    return [record["positions"].numpy() for record in dataset]


def test_records_are_those_of_the_disk(published):
    directory, url = published
    assert Manifest.load(url, "train") == Manifest.load(directory, "train")
    assert Manifest.splits(url) == ["train"]
    assert describe(url) == describe(directory)
    assert verify_records(url, "train").num_records == 6
    for options in ({}, {"verify": True}, {"shuffle_seed": 3}, {"damaged": "skip"}, {"shard": (2, 1)}):
        tf.random.set_seed(0)
        expected = positions_of(pose_sequences(directory, "train", **options))
        tf.random.set_seed(0)
        found = positions_of(pose_sequences(url, "train", **options))
        np.testing.assert_array_equal(found, expected)
    arrays = load_arrays(url, "train", POSE_SEQUENCE)
    np.testing.assert_array_equal(arrays["positions"], load_arrays(directory, "train", POSE_SEQUENCE)["positions"])


def test_loaders_take_urls_and_patterns_of_them(published, store, tmp_path):
    directory, url = published
    other = write(tmp_path / "other", count=2)
    for path in other.iterdir():
        store.put(f"records/second/pose_sequence/{path.name}", path.read_bytes())
    store.put("records/third/pose_sequence/notes.txt", b"no records")
    evaluation = {"batch_size": 1000, "training": False}
    expected = np.concatenate(list(load_poses([directory, other], **evaluation)))
    for source in (
        [url, other],
        f"{store.root}/records/*/pose_sequence",
        f"{store.root}/records/*/pose_seq*/",
        [f"{store.root}/records/[f]*/pose_sequence", f"{store.root}/records/second/pose_sequence/"],
    ):
        np.testing.assert_array_equal(np.concatenate(list(load_poses(source, **evaluation))), expected)
    (windows,) = load_sequences(url, frames=31, **evaluation)
    assert windows.shape == (6, 31, 17, 3)
    with pytest.raises(FileNotFoundError, match=r"`source` must match .*'test'.*records/\*"):
        load_poses(f"{store.root}/records/*/pose_sequence", 2, split="test")


def test_a_changed_or_missing_shard_is_named_by_its_url(published, store):
    directory, url = published
    shard = Manifest.load(directory, "train").shards[1]
    name, content = f"records/first/pose_sequence/{shard.name}", (directory / shard.name).read_bytes()
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    where = re.escape(f"{url}/{shard.name}")
    store.put(name, bytes(changed))
    with pytest.raises(ValueError, match=rf"^{where} has changed: its SHA-256 .* records can be read, up to byte \d"):
        pose_sequences(url, "train", verify=True)
    with pytest.raises(ValueError, match=rf"{where} is damaged at record \d"):
        verify_records(url, "train")
    with pytest.warns(UserWarning, match=where):
        left = len(positions_of(pose_sequences(url, "train", damaged="skip")))
    assert 0 < left < 6
    store.put(name, content[:-1])
    with pytest.raises(ValueError, match=rf"^{where} has changed: it has \d+ bytes"):
        pose_sequences(url, "train")
    store.remove(name)
    with pytest.raises(FileNotFoundError, match=rf"shard .* is missing: {where}"):
        pose_sequences(url, "train")


def test_a_missing_split_is_named_by_its_url(published, store):
    _, url = published
    with pytest.raises(
        FileNotFoundError, match=rf"'test': {re.escape(url)}/test\.manifest\.json .* Complete splits there: train$"
    ):
        pose_sequences(url, "test")
    with pytest.raises(FileNotFoundError, match=rf"{store.root}/nothing/.* Complete splits there: none$"):
        pose_sequences(f"{store.root}/nothing", "train")
    assert describe(f"{store.root}/nothing") == {}


def test_a_damaged_manifest_is_named_by_its_url(published, store):
    _, url = published
    store.put("records/first/pose_sequence/train.manifest.json", b'{"format": 1,')
    with pytest.raises(ValueError, match=rf"{re.escape(url)}/train\.manifest\.json is not a readable manifest"):
        pose_sequences(url, "train")


def test_records_are_written_to_a_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"`directory` must be on a disk.*s3://bucket/records"):
        RecordWriter("s3://bucket/records", POSE_SEQUENCE, "train")
    assert list(tmp_path.iterdir()) == []


# HTTP, HDFS, and what there is no file system for.


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and parts of them, without a word."""

    def send_head(self):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        path = self.translate_path(self.path)
        if not wanted or not self.server.has_parts or not os.path.isfile(path):
            return super().send_head()
        with open(path, "rb") as file:
            content = file.read()
        first, last = int(wanted[1]), min(int(wanted[2]), len(content) - 1)
        if first > last:
            return self.send_error(416)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        return io.BytesIO(content[first : last + 1])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def http_server(tmp_path):
    """A server on the loopback of the files in `tmp_path`, and its URL."""
    handler = functools.partial(_Handler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.has_parts = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@needs_tensorflow_io
def test_records_behind_http(tmp_path, http_server):
    directory, (_, root) = write(tmp_path / "records", count=60, shard_size_mb=0.3), http_server
    url = f"{root}/records"
    assert Manifest.load(url, "train") == Manifest.load(directory, "train")
    np.testing.assert_array_equal(
        positions_of(pose_sequences(url, "train", verify=True)), positions_of(pose_sequences(directory, "train"))
    )
    verify_records(url, "train")
    (batch,) = load_poses(url, 10_000, training=False)
    assert batch.shape == (60 * 31, 17, 3)
    with pytest.raises(
        FileNotFoundError, match=rf"'test': {url}/test\.manifest\.json .* unknown, since they cannot be"
    ):
        pose_sequences(url, "test")
    with pytest.raises(
        ValueError, match=rf"must be a directory, not a pattern: there is no list of the files of {root}"
    ):
        load_poses(f"{root}/*", 2)
    with pytest.raises(NotImplementedError, match=rf"no list of the files of {url}"):
        describe(url)
    next(directory.glob("*.tfrecord")).unlink()
    with pytest.raises(FileNotFoundError, match=rf"shard .* is missing: {url}"):
        pose_sequences(url, "train")


@needs_tensorflow_io
def test_a_server_that_sends_no_parts_of_files_is_not_believed(tmp_path, http_server):
    server, root = http_server
    server.has_parts = False
    write(tmp_path / "records", count=200, shard_size_mb=9)
    with pytest.raises(ValueError, match=r"records/train-00000-of-00001\.tfrecord is damaged at record \d+"):
        verify_records(f"{root}/records", "train")
    (tmp_path / "records" / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" * 100_000)
    with pytest.raises(OSError, match=r"records/a\.h5 cannot be read: "):
        read_hdf5(f"{root}/records/a.h5", "a")


@needs_tensorflow_io
def test_hdfs_says_which_library_it_lacks():
    with pytest.raises(
        OSError, match=r"hdfs://127\.0\.0\.1:1/records/train\.manifest\.json cannot be read: .*(libhdfs|JVM)"
    ):
        pose_sequences("hdfs://127.0.0.1:1/records", "train")


@needs_tensorflow_io
def test_a_scheme_without_a_file_system_is_refused():
    with pytest.raises(ValueError, match=r"`directory` must be .* https://, .* s3://.* Received: 'none://a"):
        pose_sequences("none://a", "train")


def test_a_server_that_does_not_answer_is_said(monkeypatch):
    def fail(url):
        raise tf.errors.UnavailableError(None, None, "no route to host")

    monkeypatch.setattr(tf.io.gfile, "stat", fail)
    with pytest.raises(OSError, match=r"^ram://a/b cannot be read: no route to host$"):
        RemotePath("ram://a/b").exists()


# Arrays of HDF5 files.

ARRAYS = {
    "annot3": np.random.default_rng(0).normal(size=(2500, 1, 17, 3)),
    "valid_frame": np.arange(2500, dtype="uint8")[:, None] % 2,
    "group/numbers": np.arange(12, dtype="float32").reshape(3, 4),
    "nothing": np.zeros((0, 3)),
    "number": np.float64(3),
}


@pytest.fixture
def annotations(tmp_path):
    """An HDF5 file as MATLAB writes it: behind 512 bytes of its own, some arrays compressed."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "annot_data.mat", "w", userblock_size=512) as file:
        for name, array in ARRAYS.items():
            options = {"compression": "gzip"} if name == "valid_frame" else {}
            file.create_dataset(name, data=array, **options)
    return tmp_path / "annot_data.mat"


@needs_tensorflow_io
@pytest.mark.parametrize("name", ["annot3", "valid_frame", "group/numbers", "nothing", "/annot3"])
def test_the_rows_of_an_array(annotations, name):
    expected = ARRAYS[name.strip("/")]
    dataset = read_hdf5(annotations, name)
    assert dataset.cardinality() == len(expected)
    assert dataset.element_spec == tf.TensorSpec(expected.shape[1:], expected.dtype)
    rows = list(dataset.as_numpy_iterator())
    np.testing.assert_array_equal(np.reshape(rows, expected.shape), expected)
    if len(expected):
        (both,) = tf.data.Dataset.zip(dataset, read_hdf5(annotations, name)).batch(len(expected))
        np.testing.assert_array_equal(both[1], expected)


@needs_tensorflow_io
def test_an_array_behind_a_url(annotations, s3_client, http_server):
    bucket = Bucket(s3_client)
    bucket.put("TS1/annot_data.mat", annotations.read_bytes())
    for url in (f"{bucket.root}/TS1/annot_data.mat", f"{http_server[1]}/annot_data.mat"):
        rows = list(read_hdf5(url, "annot3").as_numpy_iterator())
        np.testing.assert_array_equal(rows, ARRAYS["annot3"])


@needs_tensorflow_io
def test_the_exit_status_is_kept_after_reading_from_s3(tmp_path, s3_client):
    bucket = Bucket(s3_client)
    for path in write(tmp_path / "records").iterdir():
        bucket.put(f"records/{path.name}", path.read_bytes())
    script = (
        "import atexit, sys; from posealign_keras.data import Manifest; atexit.register(print, 'last words');"
        f"print(Manifest.load('{bucket.root}/records', 'train').num_records); sys.exit(int(sys.argv[1]))"
    )
    for status in (0, 3):
        done = subprocess.run([sys.executable, "-c", script, str(status)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (status, "6\nlast words\n"), done.stderr


@needs_tensorflow_io
@pytest.mark.parametrize("name", ["annot2", "group", "number", ""])
def test_an_array_that_is_not_there_is_said_with_those_that_are(annotations, name):
    with pytest.raises(
        ValueError, match=r"annot_data\.mat: annot3 \(2500, 1, 17, 3\), group/numbers .* Received: name="
    ):
        read_hdf5(annotations, name)


@needs_tensorflow_io
def test_what_is_no_whole_hdf5_file_is_refused(annotations, tmp_path):
    content = annotations.read_bytes()
    for length in (*range(0, 700, 23), *range(700, len(content), 40_001), len(content) - 1):
        annotations.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"annot_data\.mat cannot be read as an HDF5 file"):
            read_hdf5(annotations, "annot3")
    with pytest.raises(FileNotFoundError, match=r"missing\.mat"):
        read_hdf5(tmp_path / "missing.mat", "annot3")


# Without `tensorflow_io`.


@without_tensorflow_io
@pytest.mark.parametrize("url", ["s3://bucket/records", "hdfs://host/records", "https://host/records", "none://a"])
def test_without_tensorflow_io_the_versions_are_said(url):
    for read in (pose_sequences, verify_records, Manifest.load):
        with pytest.raises(ImportError, match=rf"Reading {url}.*{PAIR}"):
            read(url, "train")
    with pytest.raises(ImportError, match=PAIR):
        load_poses(f"{url}/*/pose_sequence", 2)
    with pytest.raises(ImportError, match=PAIR):
        read_hdf5("annot_data.mat", "annot3")


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_io", None)
    with pytest.raises(ImportError, match=f"^Reading records needs .*{PAIR}"):
        import_tensorflow_io("Reading records")


@pytest.mark.parametrize(
    "body", ["warnings.warn('unable to load libtensorflow_io_plugins.so: undefined symbol')", "raise ImportError('x')"]
)
def test_libraries_that_do_not_load_are_said(tmp_path, monkeypatch, body):
    (tmp_path / "tensorflow_io.py").write_text(f"import warnings\n{body}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow_io", raising=False)
    with pytest.raises(ImportError, match=PAIR):
        import_tensorflow_io("Reading records")
