"""Writes pickles as Python 2 did, with bytes for text and the older names of NumPy's modules."""

import io
import pickle
import struct


class _Python2Pickler(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, text):
        data = text.encode("latin1") if isinstance(text, str) else text
        if self.bin:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        else:
            self.write(pickle.STRING + repr(data)[1:].encode() + b"\n")
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_text


def python2_pickle(content, protocol) -> bytes:
    file = io.BytesIO()
    _Python2Pickler(file, protocol).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
