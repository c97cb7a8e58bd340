"""What a command may write over: its own earlier output, if told so, and nothing else.

A folder is replaced only by the command that made it, as its run record says, and only with
``--overwrite``. A file is replaced only by a file, with ``--overwrite`` or, where results carry
their record, by the command that made it. What a command reads is never its output, however its
path is spelled. Everything else is one line, before any work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from x2static.core.errors import OutputError
from x2static.core.storage.commit import Batch, commit, finish_commits
from x2static.core.storage.files import describe_os_error, is_special, real
from x2static.core.storage.leftovers import restore_retired
from x2static.core.storage.run_record import maker

_LONGEST = 255 - len(".run.json") - len("..1234567.tmp")  # what a name grows by on its way


@dataclass(frozen=True)
class _Claim:
    """A place that a command means to write.

    Attributes:
        path: as the user wrote it.
        flag: that named it.
        is_folder: whether a folder comes there.
        remedy: the end of the line when something is there already.
        renews: whether the same command may replace a file of its own unasked.
        is_ours: tells such a file where no record lies beside it.
    """

    path: Path
    flag: str
    is_folder: bool
    remedy: str
    renews: bool
    is_ours: Callable[[Path], bool] | None


class Outputs:
    """The places that a command writes: claimed before any work, filled all at once."""

    def __init__(
        self, command: str, *, inputs: Iterable[Path | str | None] = (), overwrite: bool = False
    ) -> None:
        """Name the command.

        Args:
            command: as its run record calls it.
            inputs: what it reads; other than paths that exist is passed over.
            overwrite: whether the user said so.
        """
        self._command, self._overwrite = command, overwrite
        self._inputs = [Path(path) for path in inputs if path is not None and _exists(Path(path))]
        self._claims: dict[Path, _Claim] = {}

    def claim(
        self,
        path: Path,
        flag: str = "--output",
        *,
        is_folder: bool,
        renews: bool = False,
        is_ours: Callable[[Path], bool] | None = None,
        remedy: str = "pass --overwrite",
        may_be_there: bool = False,
    ) -> None:
        """Stop unless ``path`` may be written; nothing is created.

        Args:
            path: the place.
            flag: that named it.
            is_folder: whether a folder comes there.
            renews: whether this command may replace a file that it made itself unasked.
            is_ours: tells such a file where no record lies beside it.
            remedy: what to do beside choosing another place when something is there already.
            may_be_there: whether an earlier output of the same command is no fault yet, since the
                caller looks whether it is that of the same run.

        Raises:
            OutputError: it is an input, or there is something that this command did not make, or
                that it may not replace without being told.
        """
        claim = _Claim(path, flag, is_folder, remedy, renews, is_ours)
        try:
            target = real(path)
            self._check_place(claim, target)
            finish_commits(target.parent)
            finish_commits(target)
            restore_retired(target)
            self._check(claim, target, may_be_there=may_be_there)
        except OSError as error:
            raise OutputError(describe_os_error(path, error)) from error
        except ValueError as error:  # a NUL
            raise OutputError(f"{str(path)!r} is no name for a file: {error}") from error
        self._claims[target] = claim

    def check(self) -> None:
        """Stop where a claimed place holds something that may not be replaced.

        Raises:
            OutputError: as by `claim`.
        """
        for target, claim in self._claims.items():
            self._check(claim, target)

    def protect(self, path: Path) -> None:
        """Stop where a place that the command fills and clears by itself holds an input."""
        try:
            target = real(path)
            for source in self._inputs:
                place = real(source)
                if target == place or target in place.parents:
                    raise OutputError(
                        f"{path}, which this command fills and clears, holds the input {source}; "
                        "choose another --output"
                    )
        except OSError as error:
            raise OutputError(describe_os_error(path, error)) from error

    @contextmanager
    def together(self) -> Iterator[Batch]:
        """Give a `Batch`; what was staged in it appears when the block ends well.

        Raises:
            OutputError: something has come to a claimed place meanwhile.
        """
        batch = Batch()
        try:
            yield batch
            try:
                for target, claim in self._claims.items():
                    if any(target in (place, *place.parents) for place in batch.moves):
                        self._check(claim, target)
                commit(batch.moves)
            except OSError as error:
                place = next(iter(self._claims.values())).path
                raise OutputError(describe_os_error(place, error)) from error
        except BaseException:
            batch.drop()
            raise

    # ---- the rule --------------------------------------------------------------------------

    def _check_place(self, claim: _Claim, target: Path) -> None:
        """Whether something could come into being there, and beside what else is claimed."""
        path, flag = claim.path, claim.flag
        if is_special(target):
            raise OutputError(f"{path} is neither file nor folder; choose another {flag}")
        if len(os.fsencode(target.name)) > _LONGEST:
            raise OutputError(f"{path}: File name too long; choose another {flag}")
        parent = next(place for place in target.parents if place.exists())
        if not parent.is_dir():
            raise OutputError(f"{parent}: Not a directory; choose another {flag}")
        for place, other in self._claims.items():
            if (
                place == target
                or (other.is_folder and place in target.parents)
                or (claim.is_folder and target in place.parents)
            ):
                both = f"{other.flag} {other.path} and {flag} {path}"
                raise OutputError(f"{both} are one place; give each its own")

    def _check(self, claim: _Claim, target: Path, *, may_be_there: bool = False) -> None:
        path, flag = claim.path, claim.flag
        is_ours = target.exists() and self._made(claim, target)
        self._refuse_inputs(claim, target, is_ours=is_ours)
        self._refuse_no_record(claim, target)
        if not target.exists():
            return
        if target.is_dir() != claim.is_folder:
            kind, wanted = ("file", "folder") if claim.is_folder else ("folder", "file")
            raise OutputError(f"{path} is a {kind}; {flag} needs the name of a {wanted}")
        if may_be_there and is_ours:
            return
        if not self._overwrite and not (is_ours and claim.renews):
            raise OutputError(f"{path} exists already; choose another {flag} or {claim.remedy}")
        if claim.is_folder and not is_ours and any(target.iterdir()):
            by = maker(target)
            what = (
                f"that x2static {by} made"
                if by
                else ("that no earlier run made (it has no run.json)")
            )
            raise OutputError(
                f"{path} is a folder {what}; choose another {flag} or remove it yourself"
            )

    def _made(self, claim: _Claim, target: Path) -> bool:
        """Whether an earlier run of the same command made what is there."""
        if claim.is_ours is not None and target.is_file() and claim.is_ours(target):
            return True
        return maker(target) == self._command

    def _refuse_no_record(self, claim: _Claim, target: Path) -> None:
        """A file that only looks like the record of this output stays."""
        beside = target.with_name(f"{target.name}.run.json")
        if claim.is_folder or claim.is_ours is not None or not beside.exists():
            return
        if not beside.is_file() or (maker(target) is None and not self._overwrite):
            raise OutputError(
                f"{beside} is no record of an earlier run; choose another {claim.flag} than "
                f"{claim.path}"
            )

    def _refuse_inputs(self, claim: _Claim, target: Path, *, is_ours: bool) -> None:
        """What the command reads is not written, nor what holds it or lies in it."""
        for source in self._inputs:
            place = real(source)
            is_same = target == place or (target.exists() and target.samefile(place))
            is_inside = place in target.parents and target.exists() and not is_ours
            if is_same or is_inside or target in place.parents or _is_linked_in(target, place):
                what = "is" if is_same else "holds" if target in place.parents else "is part of"
                raise OutputError(
                    f"{claim.flag} {claim.path} {what} the input {source}; choose another "
                    f"{claim.flag}"
                )


def embedded_maker(path: Path) -> str | None:
    """The command of the run record that a file of results in JSON holds under ``run``."""
    try:
        command = json.loads(path.read_text(encoding="utf-8"))["run"]["command"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(command)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_linked_in(target: Path, folder: Path) -> bool:
    """Whether a file is, under a second name, one of a folder's."""
    if not (folder.is_dir() and target.is_file() and target.stat().st_nlink > 1):
        return False
    return any(target.samefile(place) for place in folder.rglob("*") if place.is_file())
