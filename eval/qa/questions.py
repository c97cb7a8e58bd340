"""Read extractive question answering in SQuAD's JSON: XQuAD, TyDiQA-GoldP, MLQA, SQuAD itself."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from x2static.core.errors import DatasetError
from x2static.core.formats.faults import OnError
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.source_file import open_source

# TyDiQA's own files hold all languages; the ids begin with their names.
_TYDI_NAMES = {
    "arabic": "ar", "bengali": "bn", "english": "en", "finnish": "fi", "indonesian": "id",
    "japanese": "ja", "korean": "ko", "russian": "ru", "swahili": "sw", "telugu": "te",
    "thai": "th",
}  # fmt: skip
_MOST_BYTES = 1 << 30  # SQuAD has 40 MB


@dataclass(frozen=True, slots=True)
class Answer:
    """A gold answer: its text and where it begins in the context, in characters."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the text that answers it, and the gold answers (none: it has no answer).

    Attributes:
        id: the data set's own name for it.
        text: the question.
        context: the paragraph.
        answers: the gold answers.
        place: file and position, for messages.
    """

    id: str
    text: str
    context: str
    answers: tuple[Answer, ...]
    place: str

    @property
    def language(self) -> str | None:
        """The language that TyDiQA writes into its ids, or None."""
        return _TYDI_NAMES.get(self.id.partition("-")[0])


def read_questions(path: Path) -> list[Question]:
    """All questions of a file, in order.

    Raises:
        DatasetError: it cannot be read, is no JSON, or lacks a field; names the place.
    """
    content = _load(path)
    articles = content.get("data") if isinstance(content, Mapping) else None
    if not isinstance(articles, list):
        raise DatasetError(f"{path}: no list 'data' in it; expected SQuAD's JSON format")
    try:
        questions = list(_questions_in(articles, path))
    except (KeyError, TypeError, ValueError) as problem:
        raise DatasetError(f"{path}: not SQuAD's JSON format ({problem})") from problem
    if not questions:
        raise DatasetError(f"{path}: no question in it; expected SQuAD's JSON format")
    return questions


def _questions_in(articles: list[Any], path: Path) -> Iterator[Question]:
    for a, article in enumerate(articles):
        for p, paragraph in enumerate(_field(article, "paragraphs", list, f"data[{a}]")):
            where = f"data[{a}].paragraphs[{p}]"
            context = _field(paragraph, "context", str, where)
            for q, entry in enumerate(_field(paragraph, "qas", list, where)):
                place = f"{where}.qas[{q}]"
                texts = {name: _field(entry, name, str, place) for name in ("id", "question")}
                answers = tuple(_answers_in(entry, place))
                yield Question(texts["id"], texts["question"], context, answers, f"{path}: {place}")


def _answers_in(entry: Mapping[str, Any], place: str) -> Iterator[Answer]:
    """The answers that say something: blinded copies of test sets hold empty ones."""
    for number, answer in enumerate(entry.get("answers") or []):
        text = _field(answer, "text", str, f"{place}.answers[{number}]")
        start = _field(answer, "answer_start", int, f"{place}.answers[{number}]")
        if text.strip():
            yield Answer(text, start)


def _field(table: Any, name: str, kind: type, place: str) -> Any:
    if not isinstance(table, Mapping) or not isinstance(table.get(name), kind):
        raise ValueError(f"{place} has no {name!r} of type {kind.__name__}")
    return table[name]


def _load(path: Path) -> Any:
    try:
        with open_source(path) as packed:
            stream = gzip.GzipFile(fileobj=packed) if path.suffix == ".gz" else packed
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise DatasetError(f"{path}: more than {_MOST_BYTES:,} bytes; this is no such data set")
        return json.loads(data.decode("utf-8-sig"))
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise DatasetError(f"{path}: damaged gzip file ({problem}); fetch it again") from problem
    except OSError as problem:
        raise DatasetError(describe_os_error(path, problem)) from problem
    except UnicodeDecodeError as problem:
        raise DatasetError(f"{path}: not UTF-8 ({problem.reason}); convert the file") from problem
    except (ValueError, RecursionError) as problem:
        raise DatasetError(f"{path}: not JSON ({problem}); expected SQuAD's format") from problem


def scorable(questions: list[Question], path: Path) -> list[Question]:
    """The questions that have a gold answer.

    Raises:
        DatasetError: none has; such copies (XTREME's TyDiQA, say) hide the answers.
    """
    kept = [question for question in questions if question.answers]
    if not kept:
        raise DatasetError(
            f"{path}: all {len(questions)} answers are empty: a copy without labels; take the data "
            "set's original files"
        )
    return kept


def trainable(questions: list[Question], on_error: OnError) -> tuple[list[Question], int]:
    """The questions to learn from, and how many were left out because of a wrong answer.

    Args:
        questions: with their gold answers; one without any is learned as unanswerable.
        on_error: for an answer that its context does not hold at its place: stop, or leave out.

    Raises:
        DatasetError: such an answer, with its place; or nothing is left.
    """
    kept = []
    for question in questions:
        wrong = next((a for a in question.answers if not _is_at_its_place(question, a)), None)
        if wrong is None:
            kept.append(question)
        elif on_error == "raise":
            raise DatasetError(
                f"{question.place} (id {question.id}): answer {wrong.text[:60]!r} is not in its "
                f"context at character {wrong.start}; fix the file or pass --on-error skip"
            )
    if not any(question.answers for question in kept):
        place = questions[0].place.partition(":")[0] if questions else "training file"
        raise DatasetError(f"{place}: no question with a usable answer to learn from")
    return kept, len(questions) - len(kept)


def _is_at_its_place(question: Question, answer: Answer) -> bool:
    end = answer.start + len(answer.text)
    return answer.start >= 0 and question.context[answer.start : end] == answer.text
