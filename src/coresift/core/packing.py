"""Values of dataclasses, arrays and plain things, as JSON and arrays; no code is stored or run."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_PLAIN = (bool, int, float, str, type(None))
_PACKAGE = __name__.partition(".")[0]


def packed(value: Any) -> tuple[Any, list[Array]]:
    """Return a value as what JSON can say, and the arrays in it.

    Raises
    ------
    TypeError
        For what is neither a dataclass, an array, nor made of plain values.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.merge import Count
    >>> from coresift.core.packing import packed, unpacked
    >>> text, arrays = packed(Count(np.array([3, 4])))
    >>> text
    {'class': 'coresift.core.merge:Count', 'fields': {'counts': {'array': 0}}}
    >>> unpacked(text, arrays).counts.tolist()
    [3, 4]
    """
    arrays: list[Array] = []
    return _packed(value, arrays), arrays


def _packed(value: Any, arrays: list[Array]) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return _packed_array(value, arrays)
    if isinstance(value, _PLAIN):
        hidden = isinstance(value, float) and not np.isfinite(value)  # JSON knows no infinity
        return {"float": str(value)} if hidden else value
    if isinstance(value, tuple | list):
        parts, kind = [_packed(one, arrays) for one in value], type(value)
        name = {} if kind is tuple else {"class": _name_of(kind)}
        return parts if kind is list else {"tuple": parts, **name}
    if isinstance(value, Mapping):
        items = [[_packed(key, arrays), _packed(own, arrays)] for key, own in value.items()]
        return {"mapping": items}
    if is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _packed(getattr(value, one.name), arrays) for one in fields(value)}
        return {"class": _name_of(type(value)), "fields": own}
    raise TypeError(f"{type(value).__name__} cannot be packed")


def _packed_array(value: Any, arrays: list[Array]) -> Any:
    if isinstance(value, np.generic):
        return {"scalar": _packed_array(np.asarray(value), arrays)}
    if value.dtype.hasobject:
        flat = [_packed(one, arrays) for one in value.ravel().tolist()]
        return {"objects": flat, "shape": list(value.shape)}
    arrays.append(value)
    return {"array": len(arrays) - 1}


def unpacked(text: Any, arrays: list[Array]) -> Any:
    """Return the value that `packed` took apart.

    Raises
    ------
    ValueError
        For what `packed` did not write.
    """
    if isinstance(text, list):
        return [unpacked(part, arrays) for part in text]
    if not isinstance(text, dict):
        return text
    read = next(read for name, read in _READERS.items() if name in text)
    return read(text, arrays)


def _objects(text: Any, arrays: list[Array]) -> Array:
    flat = np.empty(len(text["objects"]), dtype=object)
    flat[:] = unpacked(text["objects"], arrays)
    return flat.reshape(text["shape"])


def _tuple(text: Any, arrays: list[Array]) -> Any:
    parts = tuple(unpacked(text["tuple"], arrays))
    return _class_of(text["class"])(*parts) if "class" in text else parts


def _dataclass(text: Any, arrays: list[Array]) -> Any:
    own = {name: unpacked(part, arrays) for name, part in text["fields"].items()}
    return _class_of(text["class"])(**own)


_READERS: dict[str, Callable[[Any, list[Array]], Any]] = {
    "array": lambda text, arrays: arrays[text["array"]],
    "scalar": lambda text, arrays: unpacked(text["scalar"], arrays)[()],
    "float": lambda text, arrays: float(text["float"]),
    "objects": _objects,
    "tuple": _tuple,
    "mapping": lambda text, arrays: dict(unpacked(text["mapping"], arrays)),
    "fields": _dataclass,
}


def _name_of(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _class_of(name: str) -> type:
    module, _, own = name.partition(":")
    if module.partition(".")[0] != _PACKAGE:  # whoever wrote the file may not choose what runs
        raise ValueError(f"{name!r} is no class of {_PACKAGE}")
    found = getattr(importlib.import_module(module), own, None)
    if not (isinstance(found, type) and (is_dataclass(found) or issubclass(found, tuple))):
        raise ValueError(f"{name!r} is no class of values")
    return found


def digest(text: Any, arrays: list[Array]) -> str:
    """Return a checksum of what JSON can say and of arrays, with their types and shapes."""
    total = hashlib.sha256(json.dumps(text, sort_keys=True).encode())
    for array in arrays:
        total.update(f"{array.dtype.str}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).data if array.size else b"")
    return total.hexdigest()
