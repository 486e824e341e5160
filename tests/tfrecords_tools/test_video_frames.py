"""Videos that these tests write with PyAV; every picture shows its number in eight blocks, white for 1."""

import gc
import pickle
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from tfrecords_tools.video_frames import VideoFrames

WIDTH, HEIGHT, COUNT = 64, 48, 20
CODECS = [
    ("clip.mp4", "libx264", {"bf": "2"}),
    ("clip.mov", "mpeg4", {}),
    ("clip.avi", "mpeg4", {"bf": "2"}),
    ("clip.webm", "libvpx-vp9", {}),
    ("clip.webm", "libvpx", {}),
    ("clip.mkv", "libx264", {"bf": "2"}),
    ("clip.mpg", "mpeg2video", {"bf": "2"}),
    ("clip.avi", "libx264", {"bf": "2"}),
    ("clip.flv", "libx264", {"bf": "2"}),
    ("clip.m2ts", "libx264", {"bf": "2"}),
]


def picture(number):
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for bit in range(8):
        image[8:24, bit * 8 : bit * 8 + 8] = 255 * (number >> bit & 1)
    return image


def number_of(image):
    return sum(1 << bit for bit in range(8) if image[12:20, bit * 8 + 2 : bit * 8 + 6].mean() > 128)


def write(path, codec="libx264", options=None, images=None, rate=30, milliseconds=None, display_matrix=None):
    images = [picture(number) for number in range(COUNT)] if images is None else images
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options={"g": "6", **(options or {})})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        if milliseconds is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if display_matrix is not None:
            stream.set_display_matrix(display_matrix)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if milliseconds is not None:
                frame.pts, frame.time_base = milliseconds[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(("name", "codec", "options"), CODECS)
def test_every_picture_of_every_format_arrives_once_and_in_order(tmp_path, name, codec, options):
    frames = VideoFrames(write(tmp_path / name, codec, options))
    assert len(frames.times) == COUNT
    images = list(frames.read(range(COUNT)))
    assert [number_of(image) for image in images] == list(range(COUNT))
    assert all(image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8 for image in images)
    np.testing.assert_allclose(frames.times, np.arange(COUNT) / 30, atol=0.002)
    assert frames.fps == pytest.approx(30, rel=0.01)


@pytest.mark.parametrize("rate", [24, 25, Fraction(30000, 1001), 50, 60])
def test_the_rate_is_that_of_the_file(tmp_path, rate):
    frames = VideoFrames(write(tmp_path / "clip.mp4", rate=rate))
    assert frames.fps == pytest.approx(float(rate), rel=1e-3)
    np.testing.assert_allclose(frames.times, np.arange(COUNT) / float(rate), atol=1e-3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_the_times_of_a_variable_rate_are_those_of_the_file(tmp_path, name):
    milliseconds = np.cumsum(np.r_[0, np.random.default_rng(0).integers(10, 90, COUNT - 1)])
    frames = VideoFrames(write(tmp_path / name, milliseconds=milliseconds.tolist()))
    np.testing.assert_allclose(frames.times, milliseconds / 1000, atol=0.0015)
    assert [number_of(image) for image in frames.read(range(COUNT))] == list(range(COUNT))


def test_pictures_may_be_left_out_and_asked_for_twice(tmp_path):
    frames = VideoFrames(write(tmp_path / "clip.mp4"))
    wanted = [0, 0, 3, 4, 4, 4, 11, COUNT - 1, COUNT - 1]
    assert [number_of(image) for image in frames.read(np.array(wanted))] == wanted
    assert list(frames.read([])) == []
    assert [number_of(image) for image in frames.read([7])] == [7]


def test_colours_are_red_green_blue(tmp_path):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[:, :32] = (220, 30, 30)
    image[:, 32:] = (30, 30, 220)
    read = next(VideoFrames(write(tmp_path / "clip.mp4", images=[image] * 3)).read([1]))
    assert np.abs(read[:, 4:28].mean(axis=(0, 1)) - (220, 30, 30)).max() < 15
    assert np.abs(read[:, 36:60].mean(axis=(0, 1)) - (30, 30, 220)).max() < 15


# The matrix of the QuickTime file format: x' = a x + c y, y' = b x + d y, with y down, as (a, b, 0, c, d, 0, …).
ONE = 1 << 16
MATRICES = {
    "upright": ((ONE, 0, 0, ONE), lambda image: image),
    "a telephone held upright: a quarter turn clockwise": ((0, ONE, -ONE, 0), lambda image: np.rot90(image, -1)),
    "upside down": ((-ONE, 0, 0, -ONE), lambda image: np.rot90(image, 2)),
    "a quarter turn counterclockwise": ((0, -ONE, ONE, 0), lambda image: np.rot90(image, 1)),
    "mirrored": ((-ONE, 0, 0, ONE), lambda image: image[:, ::-1]),
    "transposed": ((0, ONE, ONE, 0), lambda image: image.swapaxes(0, 1)),
}


@pytest.mark.parametrize("case", MATRICES)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov"])
def test_pictures_are_turned_as_the_file_says(tmp_path, name, case):
    (a, b, c, d), turned = MATRICES[case]
    image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    image[4:16, 4:20] = (255, 0, 0)
    image[32:44, 44:60] = (0, 0, 255)
    path = write(tmp_path / name, images=[image] * 3, display_matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    content = path.read_bytes()
    header = content.index(b"tkhd") + 4
    np.testing.assert_array_equal(np.frombuffer(content[header + 40 : header + 60], ">i4"), (a, b, 0, c, d))
    read = next(VideoFrames(path).read([1]))
    assert read.shape == turned(image).shape
    assert np.abs(read.astype(int) - turned(image)).mean() < 5


def test_it_pickles_as_its_path(tmp_path):
    frames = VideoFrames(write(tmp_path / "clip.mp4"))
    assert len(frames.times) == COUNT
    assert len(pickle.dumps(frames)) < 1000
    again = pickle.loads(pickle.dumps(frames))
    assert [number_of(image) for image in again.read([2, 5])] == [2, 5]
    np.testing.assert_array_equal(again.times, frames.times)


def test_pictures_that_were_read_do_not_pile_up(tmp_path):
    frames = VideoFrames(write(tmp_path / "video.mp4", display_matrix=(0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30)))
    gc.collect()
    gc.disable()  # as if nothing made it look for cycles
    try:
        count = sum(1 for _ in frames.read(range(len(frames.times))))
        alive = sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert count > 4
    assert alive <= 2


def test_a_name_with_a_colon_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "clip.mp4").rename(tmp_path / "data:clip.mp4")
    assert len(VideoFrames("data:clip.mp4").times) == COUNT


def test_sound_alone_is_no_video(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 48000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(ValueError, match=r"sound\.mp4.*no video stream"):
        _ = VideoFrames(tmp_path / "sound.mp4").times


NO_VIDEOS = {
    "empty": b"",
    "text": b"This is no video.\n" * 200,
    "zeros": bytes(10_000),
    "random": np.random.default_rng(1).bytes(10_000),
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/clip.ts\n#EXT-X-ENDLIST\n",
}


@pytest.mark.parametrize("case", NO_VIDEOS)
@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".webm"])
def test_what_is_no_video_is_an_error_that_names_the_file(tmp_path, case, suffix):
    path = tmp_path / f"{case}{suffix}"
    path.write_bytes(NO_VIDEOS[case])
    for use in (
        lambda: VideoFrames(path).times,
        lambda: VideoFrames(path).fps,
        lambda: list(VideoFrames(path).read([0])),
    ):
        with pytest.raises(ValueError, match=path.name):
            use()
    with pytest.raises(FileNotFoundError, match="there_is_none"):
        VideoFrames(tmp_path / f"there_is_none{suffix}")


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.mp4", "libx264"), ("clip.avi", "mpeg4"), ("clip.webm", "libvpx-vp9")]
)
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.97])
def test_a_truncated_file_is_an_error_or_gives_what_it_still_holds(tmp_path, name, codec, share):
    noise = np.random.default_rng(0).integers(0, 255, (COUNT, HEIGHT // 4, WIDTH // 4, 3), np.uint8)
    content = write(tmp_path / name, codec, images=list(noise.repeat(4, 1).repeat(4, 2))).read_bytes()
    path = tmp_path / f"cut_{name}"
    path.write_bytes(content[: int(share * len(content))])
    try:
        frames = VideoFrames(path)
        count = len(frames.times)
        images = list(frames.read(range(count)))
    except ValueError as error:
        assert path.name in str(error)  # noqa: PT017
    else:
        # Only a format that does not say how long it is can be cut without a trace.
        assert len(images) == count <= COUNT
        assert name == "clip.webm" or (name == "clip.avi" and count >= COUNT - 1)


def test_a_truncated_mp4_whose_index_is_at_its_start_is_an_error(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (COUNT, HEIGHT // 4, WIDTH // 4, 3), np.uint8)
    images = list(noise.repeat(4, 1).repeat(4, 2))
    with av.open(str(tmp_path / "clip.mp4"), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    content = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: int(0.6 * len(content))])
    frames = VideoFrames(tmp_path / "cut.mp4")
    with pytest.raises(ValueError, match=r"cut\.mp4"):
        list(frames.read(range(len(frames.times))))


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": "3"}),
        ("libx264", {"bf": "3", "x264-params": "open-gop=1"}),
        ("mpeg2video", {"bf": "2"}),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.17, 0.26, 0.33, 0.41, 0.52, 0.6])
def test_a_stream_that_was_cut_begins_with_the_first_picture_that_can_be_decoded(tmp_path, codec, options, share):
    count = 36
    content = write(tmp_path / "clip.ts", codec, options, [picture(number) for number in range(count)]).read_bytes()
    path = tmp_path / "cut.ts"
    path.write_bytes(content[int(share * len(content)) // 188 * 188 :])
    frames = VideoFrames(path)
    shown = count - 1 - np.round((frames.times[-1] - frames.times) * 30).astype(int)
    assert (shown[0] > 0) == (share > 0)
    assert [number_of(image) for image in frames.read(range(len(shown)))] == shown.tolist()


def test_a_picture_that_cannot_be_decoded_is_not_replaced_by_a_later_one(tmp_path):
    path = tmp_path / "damaged.mkv"
    not_coded = b"\0\0\1\xb6" + bytes([0b01010011, 0b11001111])  # a picture for which MPEG-4 decoders give nothing
    with (
        av.open(str(write(tmp_path / "clip.mkv", "mpeg4", {"bf": "0"}))) as source,
        av.open(str(path), "w") as container,
    ):
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.pts is not None:
                written = av.Packet(not_coded) if number == 7 else packet
                written.pts, written.dts, written.time_base = packet.pts, packet.dts, packet.time_base
                written.stream = stream
                container.mux(written)
    frames = VideoFrames(path)
    assert [number_of(image) for image in frames.read([5, 6, 8, 19])] == [5, 6, 8, 19]
    with pytest.raises(ValueError, match=r"damaged\.mkv .*picture 7 cannot be decoded"):
        list(frames.read(range(10)))


def test_a_picture_after_the_end_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=rf"clip\.mp4 ends after picture {COUNT - 1}; picture {COUNT + 3} was asked"):
        list(VideoFrames(write(tmp_path / "clip.mp4")).read([2, COUNT + 3]))


def test_flipped_bytes_give_pictures_or_an_error_that_names_the_file(tmp_path):
    content = bytearray(write(tmp_path / "clip.mp4").read_bytes())
    random = np.random.default_rng(2)
    for attempt in range(15):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 30):
            damaged[place] = random.integers(256)
        path = tmp_path / f"damaged{attempt}.mp4"
        path.write_bytes(damaged)
        try:
            frames = VideoFrames(path)
            for image in frames.read(range(min(len(frames.times), 1000))):
                assert image.dtype == np.uint8
        except ValueError as error:
            assert path.name in str(error)  # noqa: PT017


def test_one_picture_alone(tmp_path):
    frames = VideoFrames(write(tmp_path / "clip.mp4", images=[picture(9)]))
    assert frames.times.tolist() == [0.0]
    assert [number_of(image) for image in frames.read([0])] == [9]


def test_opencv_reads_the_same_pictures(tmp_path):
    path = write(tmp_path / "clip.avi", "mpeg4", images=[picture(number) for number in range(8)])
    reader = cv2.VideoCapture(str(path))
    for image in VideoFrames(path).read(range(8)):
        assert np.abs(reader.read()[1][..., ::-1].astype(int) - image).mean() < 4
