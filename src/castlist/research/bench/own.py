"""A user's own methods, named as FILE.py:NAME or package.module:NAME; errors in them are reported as theirs.

    def nearest_two(track_set, k, random_state): ...   # clusters: (t,) a number for each track
    def centred(track_set): ...                        # refines: (n, d) a vector for each face

The parameters tell the kind of a method. A method with `k` clusters tracks; if `k` has a default, it can find
the number of people itself (k is then None). A method without `k` refines vectors, which are clustered like
those of any other refinement. A method with `random_state` is random, and runs with every seed. If it is a
class, its objects are called; the fields of a dataclass are options.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from inspect import Parameter, getsourcefile, signature
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from castlist.errors import CastlistError, InputError
from castlist.plain import read_plain
from castlist.research.baselines import TrackSet
from castlist.types import NOISE, Clustering, Embeddings

__all__ = ["OwnMethod", "OwnMethodError", "OwnRefinement", "is_own", "own_method", "table_name"]

LONGEST = 16 << 20  # bytes of a Python file
STRICT = "CASTLIST_STRICT"  # environment variable: tracebacks of errors are printed, too


class OwnMethodError(CastlistError):
    """A user's own method failed, or returned no valid result."""


def printable_line(text: str) -> str:
    """A text on one line, with a replacement for each character that a terminal cannot print."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def is_own(method: str) -> bool:
    """Whether a method's name is that of a user's own method: only these have a colon."""
    return ":" in method


def table_name(method: str) -> str:
    """A method's name in tables and results; for a user's own method NAME, or LABEL."""
    if not is_own(method):
        return method
    label, equals, _ = method.partition("=")
    return printable_line(label if equals else method.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class OwnMethod:
    """A user's own method, with the properties that its parameters tell."""

    name: str  # in tables
    made: Callable[..., object] | type  # the function or class
    clusters: bool  # takes the number of clusters; else it refines vectors
    estimates_k: bool
    randomised: bool
    code: str  # digest of its file: results of another version of the file are not used

    @property
    def option_kinds(self) -> dict[str, str]:
        """The annotation of each option, by its name."""
        if not (isinstance(self.made, type) and is_dataclass(self.made)):
            return {}
        return {
            f.name: f.type.__name__ if isinstance(f.type, type) else str(f.type) for f in fields(self.made)
        }

    def check_options(self, options: Mapping[str, object]) -> None:
        """Make an object with these options; raises OwnMethodError where the class refuses them."""
        if options and isinstance(self.made, type):
            with _told_as_its_own(self.name, self.made):
                self.made(**options)

    def labels(
        self, track_set: TrackSet, k: int | None, seed: int, options: Mapping[str, object]
    ) -> Clustering:
        """The clusters of tracks.

        Raises:
            OwnMethodError: the method failed, or did not return one whole number for each track.
        """
        given = {} if k is None and self.estimates_k else {"k": k}
        found = self._called(track_set, seed, options, given)
        label = found.label if isinstance(found, Clustering) else self._array(found)
        wanted = f"{track_set.tracks} whole numbers, one for each track"
        if label is None or label.shape != (track_set.tracks,) or label.dtype.kind not in "iu":
            raise self._refused(wanted, found)
        largest = np.iinfo(np.int32).max
        wrong = [number for number in label.tolist() if not NOISE <= number <= largest]
        if wrong:
            raise OwnMethodError(
                f"{self.name}: a label is {wrong[0]}; labels are 0 to {largest}, or -1 for none"
            )
        return Clustering(label.astype(np.int32))

    def vectors(self, track_set: TrackSet, seed: int, options: Mapping[str, object]) -> NDArray[np.float32]:
        """(n, d) the refined vectors.

        Raises:
            OwnMethodError: the method failed, or did not return one vector of finite numbers for each face.
        """
        found = self._called(track_set, seed, options, {})
        vector = self._array(found)
        wanted = f"{len(track_set)} vectors, one for each face"
        if vector is None or vector.ndim != 2 or len(vector) != len(track_set) or not vector.shape[1]:
            raise self._refused(wanted, found)
        if vector.dtype.kind not in "iuf":
            raise self._refused(wanted, found)
        with np.errstate(over="ignore"):
            single = vector.astype(np.float32)
        if not np.isfinite(single).all():
            raise OwnMethodError(f"{self.name} gave vectors with numbers that are not finite")
        return single

    def _array(self, found: object) -> NDArray[np.generic] | None:
        """A method's result as an array; None if it cannot be one, as for masked values.

        Raises OwnMethodError as `_called` does.
        """
        if isinstance(found, np.ma.MaskedArray) and np.ma.is_masked(found):
            raise OwnMethodError(f"{self.name} gave masked values; it must give an array without any")
        with _told_as_its_own(self.name, self.made):
            if hasattr(found, "detach"):  # a tensor of PyTorch
                found = found.detach().cpu().numpy()
            try:
                return np.asarray(found)
            except (TypeError, ValueError):
                return None

    def _refused(self, wanted: str, found: object) -> OwnMethodError:
        array = self._array(found) if isinstance(found, list | tuple) else found
        shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
        given = type(found).__name__ if shape is None else f"an array of shape {shape} and type {dtype}"
        return OwnMethodError(f"{self.name} must give {wanted}; it gave {given}")

    def _called(
        self, track_set: TrackSet, seed: int, options: Mapping[str, object], given: dict[str, int | None]
    ) -> object:
        seeds = {"random_state": seed} if self.randomised else {}
        with _told_as_its_own(self.name, self.made):
            method = self.made(**options) if isinstance(self.made, type) else self.made
            return method(track_set, **given, **seeds)


@dataclass(frozen=True, slots=True)
class OwnRefinement:
    """A user's own refinement with its seed and options."""

    method: OwnMethod
    seed: int
    options: Mapping[str, object]

    def __call__(self, track_set: TrackSet, embeddings: Embeddings) -> Embeddings:
        """The embeddings with the vectors of the method; raises OwnMethodError as `vectors` does."""
        return replace(embeddings, vector=self.method.vectors(track_set, self.seed, self.options))


def own_method(method: str) -> OwnMethod:
    """The method of that name.

    Raises:
        InputError: the file or module cannot be read or imported, has no such function or class, or this
            cannot be called with a track set.
    """
    return _found(method, _stamp(_parts(method)[1]))


def _stamp(source: str) -> tuple[int, int]:
    """A file's time of change and size, so that a changed file is read again."""
    try:
        status = os.stat(source)
    except (OSError, ValueError):
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)  # of the methods of a run, which are few
def _found(method: str, stamp: tuple[int, int]) -> OwnMethod:
    name, source, attribute = _parts(method)
    module = _module(name, source)
    made = getattr(module, attribute, None)
    if not callable(made):
        present = [
            n
            for n, v in vars(module).items()
            if callable(v) and getattr(v, "__module__", "") == module.__name__
        ]
        raise InputError(
            f"{name}: {source} has no function or class {attribute!r}; it has {', '.join(present) or 'none'}"
        )
    with _told_as_its_own(name, made):
        method_ = made() if isinstance(made, type) else made
    taken = _parameters(name, method_)
    file = _file_of(made) or getattr(module, "__file__", None)
    code = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file else ""
    optional = "k" in taken and taken["k"].default is not Parameter.empty
    return OwnMethod(name, made, "k" in taken, optional or "k" not in taken, "random_state" in taken, code)


def _parts(method: str) -> tuple[str, str, str]:
    """A method's name in tables, its file or module, and its name in there."""
    label, equals, rest = method.partition("=")
    source, _, attribute = (part.strip() for part in (rest if equals else label).rpartition(":"))
    name = table_name(method)
    if not name or not source or not attribute.isidentifier() or (equals and ":" in label):
        raise InputError(
            f"{method!r} is no method: write FILE.py:NAME or package.module:NAME, with LABEL= before it for "
            "another name in the tables"
        )
    return name, source, attribute


def _module(name: str, source: str) -> ModuleType:
    is_file = source.endswith(".py") or os.sep in source or os.path.isfile(source)
    if is_file:
        try:
            read_plain(source, LONGEST, "Python code")
        except OSError as error:
            raise InputError(f"{name}: {source} cannot be read ({error.strerror})") from None
    try:
        return _of_file(Path(source).resolve()) if is_file else importlib.import_module(source)
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        _print_trace(error)
        raise InputError(
            f"{name}: {source} cannot be imported ({_fault(error, Path(source).name)})"
        ) from None


def _of_file(path: Path) -> ModuleType:
    """A file as a module; it can import files of its folder, like a script."""
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # last, so that no file of the folder hides a library
    name = f"castlist_own_method_{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that dataclasses find their annotations
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _parameters(name: str, method: object) -> Mapping[str, Parameter]:
    """A method's parameters after the track set; raises InputError where it cannot be called with one."""
    form = "write it as (track_set, k, random_state) to cluster, or as (track_set, random_state) to refine"
    try:
        first, *others = signature(method).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"{name} cannot be called with a track set; {form}") from None
    if first.kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) or first.name == "k":
        raise InputError(f"the first parameter of {name} must be the track set; {form}")
    unknown = [p.name for p in others if p.name not in ("k", "random_state") and _needed(p)]
    if unknown or any(p.kind == Parameter.POSITIONAL_ONLY for p in others):
        raise InputError(f"{name} takes {(unknown or ['positional-only parameters'])[0]!r}, too; {form}")
    return {p.name: p for p in others}


def _needed(parameter: Parameter) -> bool:
    named = parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return named and parameter.default is Parameter.empty


@contextmanager
def _told_as_its_own(name: str, made: object) -> Iterator[None]:
    """Turn any error of a method into one sentence with the method's name and the line in its file."""
    try:
        yield
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        _print_trace(error)
        file = _file_of(made)
        raise OwnMethodError(
            f"{name} failed ({_fault(error, Path(file).name if file else '')}); with {STRICT}=1 before the "
            "command, the whole traceback is printed"
        ) from None


def _print_trace(error: BaseException) -> None:
    if os.environ.get(STRICT):
        traceback.print_exception(error)


def _fault(error: BaseException, file: str) -> str:
    """The kind of an error, the last line in the method's own file, and the message, on one line."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).name == file
    ]
    where = f" in {file}:{lines[-1]}" if lines else ""
    try:
        text = printable_line(str(error))[:200]
    except Exception:  # the text of a user's own error can fail, too
        text = ""
    return f"{type(error).__name__}{where}{f': {text}' if text else ''}"


def _file_of(made: object) -> str | None:
    try:
        return getsourcefile(made)  # type: ignore[arg-type]
    except TypeError:  # built-in objects have no file
        return None
