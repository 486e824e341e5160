"""Reads pickles that hold nothing but numbers, text, containers and NumPy arrays, and refuses all others.

A pickle is a small program. Python's own unpickler runs it: it calls what the file says, and hashes, copies and
allocates as much as it says. Here only the instructions that make data are known, the only things that can be called
are the functions of this file, and no more data is made than the file could hold.
"""

import io
import math
import pickle
import re
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np

# The largest of the data sets' pickles has a tenth of this.
_MOST_BYTES = 256 * 2**20
_LEAST_ROOM = 2**20
_LONGEST_REASON = 300
_SIMPLE_DTYPE = re.compile(r"[biufc]\d{1,2}|[SU][1-9]\d{0,5}|O8?")
_NUMPY_CORES = ("numpy.core", "numpy._core")
_INSTRUCTIONS = (
    *("PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP"),
    *("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT"),
    *("BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"),
    *("BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
    *("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS"),
    *("GET", "BINGET", "LONG_BINGET", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
)
_INSTRUCTION_CODES = frozenset(getattr(pickle, name)[0] for name in _INSTRUCTIONS)
_PythonUnpickler: Any = pickle._Unpickler  # type: ignore[attr-defined]


def load_pickle(path) -> Any:
    """Read a pickle of Python 2 or 3 that holds only numbers, text, lists, tuples, dictionaries and NumPy arrays.

    Nothing in the file is executed. Text of Python 2 is read as Latin-1. Arrays are of a subclass of `np.ndarray`.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds anything else, or is damaged or far too large; the message names it and what it
            is that it must not hold.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}")
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise ValueError(f"{path} must be a pickle of at most {_MOST_BYTES:,} bytes. It has {size:,}")
    try:
        return _DataUnpickler(path.read_bytes()).load()
    except Exception as error:  # a damaged pickle can make anything go wrong
        what = str(error) or type(error).__name__
        if isinstance(error, KeyError):
            what = "it holds an instruction that makes no data"
        elif isinstance(error, EOFError):
            what = "it ends too early"
        raise ValueError(
            f"{path} must be a pickle of numbers, text and NumPy arrays only: {what[:_LONGEST_REASON]}"
        ) from error


class _Dtype:
    """Stands for a dtype until the array is made: the state of a real one, set by hand, could corrupt memory."""

    def __init__(self, code, align=False, copy=True):
        if not isinstance(code, str) or not _SIMPLE_DTYPE.fullmatch(code):
            raise ValueError(f"it holds an array of dtype {str(code)[:40]!r}")
        self.code, self.order = code, "|"

    def __setstate__(self, state):
        if state[1] not in ("<", ">", "|", "="):
            raise ValueError("it holds a damaged dtype")
        self.order = state[1]

    @property
    def real(self) -> np.dtype:
        return np.dtype("O" if self.code[0] == "O" else self.order + self.code)


def _real(dtype, objects=False) -> np.dtype:
    if not isinstance(dtype, _Dtype) or (dtype.real.hasobject and not objects):
        raise ValueError("it holds an array of a damaged dtype")
    return dtype.real


class _Array(np.ndarray):
    """An array whose state is checked before it is set."""

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        kind = _real(dtype, objects=True)
        if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("it holds an array of a damaged shape")
        count = math.prod(shape)
        if kind.hasobject:
            right = isinstance(data, list) and len(data) == count
        else:
            data = _as_bytes(data)
            right = len(data) == count * kind.itemsize
        if not right:
            raise ValueError(f"it holds an array of shape {shape} without the data for it")
        super().__setstate__((1, shape, kind, bool(fortran), data))  # type: ignore[arg-type]


class _Call:
    """A function of ours that the file may call; what is not one of these is never called."""

    def __init__(self, function):
        self.function = function


class _DataUnpickler(_PythonUnpickler):
    """Knows only the instructions that make data. The unpickler in C cannot be restricted that far."""

    dispatch = {
        code: methodcaller(function.__name__)
        for code, function in _PythonUnpickler.dispatch.items()
        if code in _INSTRUCTION_CODES
    }

    def __init__(self, data: bytes):
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._left = 4 * len(data) + _LEAST_ROOM

    def find_class(self, module, name):
        """Return a function of ours for the few globals that arrays need."""
        core, _, part = module.rpartition(".")
        functions: dict[tuple[str, str], Callable] = {
            ("multiarray", "_reconstruct"): self._blank_array,
            ("multiarray", "scalar"): self._scalar,
            ("numeric", "_frombuffer"): self._array_of_buffer,
        }
        function = functions.get((part, name)) if core in _NUMPY_CORES else None
        if (module, name) == ("numpy", "dtype"):
            function = _Dtype
        elif (module, name) == ("_codecs", "encode"):
            function = self._encoded
        elif module in ("builtins", "__builtin__") and name == "bytes":
            function = _no_bytes
        elif (module, name) == ("numpy", "ndarray"):
            return "ndarray"  # only ever an argument
        if function is None:
            raise ValueError(f"it would call {module[:80]}.{name[:80]}, which may be harmful and is never run")
        return _Call(function)

    def _charge(self, size):
        """One long text, encoded again and again, must not fill the memory."""
        self._left -= size
        if self._left < 0:
            raise ValueError("it would make more data than it holds")

    def _blank_array(self, kind, shape, code):
        return np.ndarray.__new__(_Array, (0,), "b")

    def _scalar(self, dtype, data):
        self._charge(len(data))
        return np.frombuffer(_as_bytes(data), _real(dtype))[0]

    def _array_of_buffer(self, buffer, dtype, shape, order):
        self._charge(len(buffer))
        return np.frombuffer(_as_bytes(buffer), _real(dtype)).reshape(shape, order=order)

    def _encoded(self, text, encoding):
        if encoding not in ("latin1", "latin-1"):
            raise ValueError(f"it holds text of the encoding {str(encoding)[:40]!r}")
        self._charge(len(text))
        return text.encode("latin1")

    # Instructions that Python's own unpickler would follow too far.

    def load_reduce(self):
        arguments = self.stack.pop()
        call = self.stack.pop()
        if type(call) is not _Call or type(arguments) is not tuple:
            raise ValueError("it calls what is no function")
        self.append(call.function(*arguments))

    def load_build(self):
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, _Dtype | _Array) or type(state) is not tuple:
            raise ValueError("it sets the state of what is no array")
        target.__setstate__(state)
        if isinstance(target, _Array):
            self._charge(target.nbytes)

    def load_bytearray8(self):
        size = int.from_bytes(self.read(8), "little")
        self.append(self.read(size))

    def load_append(self):
        self._extend([self.stack.pop()])

    def load_appends(self):
        self._extend(self.pop_mark())

    def load_setitem(self):
        value = self.stack.pop()
        self._update([self.stack.pop(), value])

    def load_setitems(self):
        self._update(self.pop_mark())

    def load_dict(self):
        items = self.pop_mark()
        self.append({})
        self._update(items)

    def _extend(self, items):
        if type(self.stack[-1]) is not list:
            raise ValueError("it appends to what is no list")
        self.stack[-1].extend(items)

    def _update(self, items):
        # Tuples of tuples of tuples … take forever to hash.
        keys, values = items[::2], items[1::2]
        if type(self.stack[-1]) is not dict or not all(type(key) in (str, bytes, int) for key in keys):
            raise ValueError("it holds a dictionary whose keys are neither text nor numbers")
        self.stack[-1].update(zip(keys, values, strict=True))


def _no_bytes() -> bytes:
    """How protocols before 3 write the bytes of an empty array: a call without arguments."""
    return b""


def _as_bytes(data) -> bytes:
    """Python 2 made no difference between bytes and text."""
    if isinstance(data, str):
        return data.encode("latin1")
    if not isinstance(data, bytes):
        raise ValueError("it holds an array whose data are no bytes")
    return data
