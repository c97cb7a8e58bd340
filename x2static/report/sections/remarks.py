"""What to look at twice: failed tasks, thin coverage, scores that fell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from x2static.core.evaluation import View
from x2static.core.scores.intervals import few
from x2static.report.read.run_folder import RunFolder, Table, number, table, text
from x2static.report.read.score_rows import BeforeAfter, Measured, downstream
from x2static.report.read.spaces import Space

_THIN = 0.5
_FOUND_AGAIN, _LIFT = 0.65, 0.25
_FEW_WORDS = 1000
_UNREADABLE = 0.05
_FALL = 0.01


class Remark(NamedTuple):
    """One remark.

    Attributes:
        is_failure: something went wrong; else something is doubtful.
        place: language and stage, or a file.
        line: what is the matter.
    """

    is_failure: bool
    place: str
    line: str


def remarks(run: RunFolder, scores: list[Measured], spaces: list[Space]) -> list[Remark]:
    """All remarks, failures first; to be asked for when everything has been read."""
    found = [Remark(True, "file", line) for line in run.problems]
    found += [*_tasks(run), *_vocabularies(run), *_spaces(run, spaces), *_alignments(run)]
    for one in scores:
        found += _rows(one)
    found += _downstream(run)
    for one in scores:
        for pair in one.pairs:
            found += _pair(pair, one.view)
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda one: not one.is_failure)


def _tasks(run: RunFolder) -> Iterator[Remark]:
    for task in run.tasks:
        language = text(task, "language")
        place = f"{'all' if language == '*' else language}/{text(task, 'stage')}"
        error, log = text(task, "error"), text(task, "log")
        if task.get("state") == "failed":
            line = f"failed: {error or 'no reason was recorded'}"
            yield Remark(True, place, f"{line} (all it said: {log})" if log else line)
        elif task.get("state") in ("waiting", "running"):
            line = f"{task['state']} when this page was made"
            yield Remark(False, place, f"{line}: {error}" if error else line)


def _vocabularies(run: RunFolder) -> Iterator[Remark]:
    for language in run.languages:
        counts = table(run.record(f"vectors/{language}").get("counts"))
        words = number(counts, "vocabulary")
        if words is not None and words < _FEW_WORDS:
            yield Remark(False, language, f"only {words:,.0f} words have vectors")
        tokens, learnable = number(counts, "tokens"), number(counts, "learnable_tokens")
        if tokens and learnable is not None and learnable / tokens < 0.8:
            share = f"{100 * learnable / tokens:.0f} %"
            yield Remark(False, language, f"the words with vectors cover {share} of its text")
        yield from _doubts(language, run.record(f"vectors/{language}"))


def _doubts(language: str, record: Table) -> Iterator[Remark]:
    """Text that the teacher cannot read, or in another writing than its language's."""
    counts, script = table(record.get("counts")), table(record.get("script"))
    unreadable, share = number(counts, "unreadable_share"), number(script, "share")
    if unreadable is not None and unreadable >= _UNREADABLE:
        line = f"the teacher cannot read {100 * unreadable:.0f} % of the pieces of its text"
        yield Remark(False, language, f"{line}: take a teacher trained on {language}")
    if share is not None and share < _THIN:
        mostly = text(script, "mostly").title()
        line = f"{100 * share:.0f} % of its letters are in the writing of {language}, most {mostly}"
        yield Remark(False, language, f"{line}: another language's text?")


def _spaces(run: RunFolder, spaces: list[Space]) -> Iterator[Remark]:
    """Languages that one space has and the other lacks."""
    if not spaces:
        return
    last = spaces[-1]
    if run.hub and run.hub not in last.languages:
        line = f"no vectors of the hub {last.title}: neighbours and map show the others alone"
        yield Remark(False, run.hub, line)
    lost = [name for name in spaces[0].languages if name not in (*last.languages, run.hub)]
    if lost:
        yield Remark(False, "aligned", f"no vectors after alignment: {', '.join(lost)}")


def _alignments(run: RunFolder) -> Iterator[Remark]:
    for language, why in run.rejected.items():
        yield Remark(False, language, f"{why}; its vectors before and after are the same")
    for language in run.languages:
        record = run.record(f"aligned/{language}")
        if table(record.get("settings")).get("seeds") == "lexicon":
            continue  # a dictionary judges better: the signs are for runs without one
        result = table(record.get("result"))
        again, lift = number(result, "found_again"), number(result, "lift")
        if again is not None and again < _FOUND_AGAIN:
            line = f"alignment: found again {again:.2f}, below {_FOUND_AGAIN}: it may be noise"
            yield Remark(False, language, line)
        if lift is not None and lift < _LIFT:
            line = f"alignment: lift {lift:.2f}, below {_LIFT}: it may be noise"
            yield Remark(False, language, line)


def _rows(one: Measured) -> Iterator[Remark]:
    key, noun = one.view.covered
    for language, row in one.rows:
        coverage, name = number(row, "coverage"), text(row, "dataset")
        if coverage is not None and coverage < _THIN:
            items = one.view.columns[-1].title
            yield Remark(False, language, f"{name}: {100 * coverage:.0f} % of the {items} covered")
        covered = number(row, key)
        if covered and (doubt := few(int(covered), noun)):
            yield Remark(False, language, f"{name}: {doubt}")


def _downstream(run: RunFolder) -> Iterator[Remark]:
    for task in downstream(run):
        for row in task.rows:
            noun = task.view.items
            items = number(row, noun)
            if items is not None and (doubt := few(int(items), noun)):
                place = f"{task.kind}, {task.name}, {text(row, 'set')}"
                yield Remark(False, text(row, "language"), f"{place}: {doubt}")


def _pair(pair: BeforeAfter, view: View) -> Iterator[Remark]:
    kind, (key, noun), (shown, figure, *_) = view.called, view.covered, view.columns[0]
    coverage = number(pair.last, "coverage")
    way = "to" if pair.is_forward else "from"
    items = number(pair.last, key)
    if items is not None and (doubt := few(int(items), noun)):
        yield Remark(False, pair.language, f"{kind} {way} the hub: {doubt}")
    if coverage is not None and coverage < _THIN:
        line = f"{kind} {way} the hub: {100 * coverage:.0f} % covered; the score speaks for those"
        yield Remark(False, pair.language, line)
    before, after = number(pair.before, figure), number(pair.after, figure)
    if before is not None and after is not None and after < before - _FALL:
        line = (
            f"{kind} {way} the hub, {pair.method}: {shown} fell from {100 * before:.1f} "
            f"to {100 * after:.1f}"
        )
        yield Remark(False, pair.language, line)
