"""Pickles by their opcodes: which names a load would import and call (https://docs.python.org/3/library/pickletools.html).

A pickle is a program. It is read here instruction by instruction and never run: what it would import must be on a list
of names that tensors, arrays and plain containers need; everything else is reported, and so is what could hide a name.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

from ceyuan.hub.scanning.findings import Finding

_MOST_OPCODES = 2_000_000
_MOST_ARGUMENT = 64 * 1024 * 1024
_MOST_MEMBERS = 2000
_SAFE = frozenset(
    {
        *(f"collections.{name}" for name in ("OrderedDict", "defaultdict", "Counter", "deque")),
        *(f"builtins.{name}" for name in ("set", "frozenset", "list", "dict", "tuple", "int", "float", "bool", "str")),
        *(f"builtins.{name}" for name in ("bytes", "bytearray", "complex", "slice", "range", "object")),
        *(f"__builtin__.{name}" for name in ("set", "frozenset", "list", "dict", "tuple", "int", "float", "bool")),
        *(f"__builtin__.{name}" for name in ("str", "unicode", "long", "bytearray", "complex", "object")),
        *("copyreg._reconstructor", "copy_reg._reconstructor", "_codecs.encode"),
        *(f"datetime.{name}" for name in ("datetime", "date", "time", "timedelta", "timezone")),
        *("decimal.Decimal", "fractions.Fraction", "uuid.UUID", "pathlib.PosixPath", "pathlib.PurePosixPath"),
        *("numpy.dtype", "numpy.ndarray", "numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar"),
        *("numpy._core.multiarray._reconstruct", "numpy._core.multiarray.scalar", "numpy.core.numeric._frombuffer"),
        *("numpy._core.numeric._frombuffer", "numpy.random._pickle.__randomstate_ctor", "numpy.float64"),
        *("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3"),
        *("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.Size"),
        *("torch._utils._rebuild_qtensor", "torch._utils._rebuild_sparse_tensor", "torch.device", "torch.Tensor"),
        *("torch._tensor._rebuild_from_type_v2", "torch.nn.parameter.Parameter", "torch.serialization._get_layout"),
        *("torch.storage.UntypedStorage", "torch.storage.TypedStorage", "torch.storage._load_from_bytes"),
        *(f"torch.{kind}Storage" for kind in ("Float", "Half", "BFloat16", "Double", "Long", "Int", "Short")),
        *(f"torch.{kind}Storage" for kind in ("Char", "Byte", "Bool", "ComplexFloat", "ComplexDouble", "Untyped")),
        *(f"torch.{kind}" for kind in ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32")),
        *(f"torch.{kind}" for kind in ("int64", "uint8", "bool", "complex64", "complex128", "qint8", "quint8")),
    }
)
_DANGEROUS = frozenset(
    {
        *("os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "ssl", "urllib", "requests", "http", "ctypes"),
        *("importlib", "imp", "runpy", "pty", "commands", "code", "codeop", "pickle", "_pickle", "marshal", "types"),
        *("webbrowser", "asyncio", "multiprocessing", "threading", "signal", "tempfile", "glob", "io", "operator"),
        *(
            "functools",
            "inspect",
            "pip",
            "site",
            "pdb",
            "timeit",
            "cProfile",
            "profile",
            "platform",
            "bdb",
            "torch.hub",
        ),
    }
)
_BUILTINS = frozenset({"builtins", "__builtin__", "__builtins__"})


class _Bounded:
    """A file that refuses to hand out very large pieces: an argument's length is the file's own claim."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        if size > _MOST_ARGUMENT:
            raise ValueError("an argument is too large")
        return self._file.read(size)

    def readline(self) -> bytes:
        line = self._file.readline(_MOST_ARGUMENT)
        if len(line) == _MOST_ARGUMENT:
            raise ValueError("a line is too long")
        return line

    def tell(self) -> int:
        return self._file.tell()


def scan_pickle(file: BinaryIO) -> list[Finding]:
    """What loading this file would import: a pickle, or an archive of a model with pickles in it."""
    if zipfile.is_zipfile(file):
        return _in_archive(file)
    file.seek(0)
    return list(_imports(file, ""))


def _in_archive(file: BinaryIO) -> list[Finding]:
    found: list[Finding] = []
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist()[:_MOST_MEMBERS]:
                if name.endswith((".pkl", ".pickle")):
                    with archive.open(name) as member:
                        found += _imports(member, name)  # type: ignore[arg-type]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        found.append(_unreadable(type(error).__name__, ""))
    return found


def _imports(file: BinaryIO, place: str) -> Iterator[Finding]:
    strings: list[str] = []
    memo: dict[int, str] = {}
    seen: set[str] = set()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(_Bounded(file))):  # type: ignore[arg-type]
            if count > _MOST_OPCODES:
                yield _unreadable("too many instructions", place)
                return
            name = _imported(opcode.name, argument, strings, memo)
            if name is not None and name not in seen:
                seen.add(name)
                finding = _judged(name, place)
                if finding is not None:
                    yield finding
    except Exception as error:
        # Whatever the reader meets, the loader may read on: what comes before was judged, the rest is not known.
        yield _unreadable(str(error)[:120] or type(error).__name__, place)


def _imported(opcode: str, argument: object, strings: list[str], memo: dict[int, str]) -> str | None:
    """The name that an instruction imports; keeps track of the strings that lie on the machine's stack."""
    if opcode in ("GLOBAL", "INST"):
        return str(argument).replace(" ", ".", 1)
    if opcode == "STACK_GLOBAL":
        return f"{strings[-2]}.{strings[-1]}" if len(strings) >= 2 else "?"
    if opcode in ("EXT1", "EXT2", "EXT4"):
        return "copyreg.extension"
    if isinstance(argument, str) and ("UNICODE" in opcode or "STRING" in opcode):
        strings.append(argument)
    elif opcode == "MEMOIZE" and strings:
        memo[len(memo)] = strings[-1]
    elif opcode in ("PUT", "BINPUT", "LONG_BINPUT") and strings and isinstance(argument, int):
        memo[argument] = strings[-1]
    elif opcode == "MEMOIZE":
        memo[len(memo)] = "?"
    elif opcode in ("GET", "BINGET", "LONG_BINGET") and isinstance(argument, int):
        strings.append(memo.get(argument, "?"))
    del strings[:-64]
    return None


def _judged(name: str, place: str) -> Finding | None:
    if name in _SAFE:
        return None
    module = name.rpartition(".")[0]
    top = module.partition(".")[0]
    if top in _DANGEROUS or module in _DANGEROUS or top in _BUILTINS or "?" in name:
        return Finding(
            "unsafe",
            "pickle_import",
            name[:200],
            f"加载时会调用 {name[:200]}",
            f"loading it would import {name[:200]}",
            place,
        )
    return Finding(
        "caution",
        "pickle_unknown",
        name[:200],
        f"加载时会导入 {name[:200]}",
        f"loading it would import {name[:200]}",
        place,
    )


def _unreadable(why: str, place: str) -> Finding:
    return Finding(
        "caution", "pickle_unreadable", why, f"无法完整检查:{why}", f"it could not be read to its end: {why}", place
    )
