"""Checks the structure of MATLAB files of version 5 to 7, because SciPy trusts it.

A damaged or malicious file makes `scipy.io.loadmat` look up types that do not exist, overflow its stack or allocate
without bound, and so end the process without an exception. After this check what SciPy meets is what it expects.
The format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

import math
import struct
import zlib

_LARGEST = 2**31  # bytes of one variable; no data set here comes near
_DEEPEST = 16  # cells in cells
_MOST_DIMENSIONS = 32
_MATRIX, _COMPRESSED, _UINT32, _INT32 = 14, 15, 6, 5
_NUMBERS = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 12, 13))
_TEXT = _NUMBERS | {16, 17, 18}
_NAMES = (1, 16)
_CELL, _STRUCT, _CHARACTERS = 1, 2, 4
_NUMERIC_CLASSES = range(6, 16)
_COMPLEX = 0x0800


def check_matlab_structure(data: bytes):
    """Check that a file is made of whole cells, structs, texts and arrays of numbers.

    Args:
        data: The content of the file.

    Raises:
        ValueError: If it is not; the message says what is wrong.
    """
    if len(data) < 128 or data[126:128] not in (b"IM", b"MI"):
        raise ValueError("it does not begin as one")
    order = "<" if data[126:128] == b"IM" else ">"
    if struct.unpack_from(f"{order}H", data, 124)[0] >> 8 != 1:
        raise ValueError("it is of another version")
    for kind, start, end in _elements(memoryview(data), 128, len(data), order):
        if kind == _MATRIX:
            _check_array(memoryview(data), start, end, order, 0)
        elif kind == _COMPRESSED:
            inner = memoryview(zlib.decompressobj().decompress(data[start:end], _LARGEST))
            variables = list(_elements(inner, 0, len(inner), order)) if len(inner) < _LARGEST else []
            if [kind for kind, *_ in variables] != [_MATRIX]:
                raise ValueError("it has a compressed part that is not one variable")
            _, start, end = variables[0]
            _check_array(inner, start, end, order, 0)
        else:
            raise ValueError(f"it has an element of type {kind} where a variable must be")


def _check_array(data, start, stop, order, depth):
    if depth > _DEEPEST:
        raise ValueError(f"its cells are nested more than {_DEEPEST} deep")
    if start == stop:
        return
    elements = _elements(data, start, stop, order)
    header = [next(elements, (0, 0, 0)) for _ in range(3)]
    (flags_type, flags, flags_end), (sizes_type, first, end), (name_type, *_) = header
    if (flags_type, flags_end - flags, sizes_type) != (_UINT32, 8, _INT32) or name_type not in _NAMES:
        raise ValueError("it has an array without class, size or name")
    array_flags = struct.unpack_from(f"{order}I", data, flags)[0]
    array_class = array_flags & 0xFF
    sizes = struct.unpack_from(f"{order}{(end - first) // 4}i", data, first)
    count = math.prod(sizes)
    if not 2 <= len(sizes) <= _MOST_DIMENSIONS or min(sizes) < 0:
        raise ValueError(f"it has an array of size {sizes}")
    if array_class in (_CELL, _STRUCT):
        if array_class == _STRUCT:
            count *= _number_of_fields(data, elements, order)
        # Every array within takes at least the 8 bytes of its tag.
        if count > (stop - start) // 8:
            raise ValueError(f"it has a cell or struct array of size {sizes}, and too little data for it")
        members = list(elements)
        if len(members) != count or any(kind != _MATRIX for kind, *_ in members):
            raise ValueError(f"it has a cell or struct array of size {sizes} that holds {len(members)} arrays")
        for _, inner_start, inner_stop in members:
            _check_array(data, inner_start, inner_stop, order, depth + 1)
        return
    parts = [kind for kind, *_ in elements]
    expected = 2 if array_flags & _COMPLEX else 1
    if array_class == _CHARACTERS:
        whole = len(parts) == 1 and parts[0] in _TEXT
    else:
        whole = array_class in _NUMERIC_CLASSES and len(parts) == expected and _NUMBERS.issuperset(parts)
    if not whole:
        raise ValueError(f"it has an array of class {array_class} that is no whole array of numbers or characters")


def _number_of_fields(data, elements, order):
    (length_type, start, end), (names_type, first, last) = (next(elements, (0, 0, 0)) for _ in range(2))
    if (length_type, end - start, names_type) != (_INT32, 4, 1):
        raise ValueError("it has a struct without names of fields")
    length = struct.unpack_from(f"{order}i", data, start)[0]
    if length < 1 or (last - first) % length:
        raise ValueError("it has a struct with damaged names of fields")
    return (last - first) // length


def _elements(data, position, stop, order):
    """Type of each element, and where its content starts and ends."""
    while position < stop:
        if stop - position < 8:
            raise ValueError("it ends too early")
        kind, count = struct.unpack_from(f"{order}II", data, position)
        short = kind >> 16 > 0  # the form in which the content is in the tag
        if short:
            kind, count = kind & 0xFFFF, kind >> 16
        if kind not in _TEXT and (short or kind not in (_MATRIX, _COMPRESSED)):
            raise ValueError(f"it has an element of unknown type {kind}")
        start = position + (4 if short else 8)
        if count > (4 if short else stop - start):
            raise ValueError("it ends too early")
        yield kind, start, start + count
        if short:
            position += 8
        else:
            position = start + count if kind in (_MATRIX, _COMPRESSED) else start + count + -count % 8
