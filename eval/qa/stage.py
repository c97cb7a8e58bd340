"""``x2static eval qa``: fine-tune on questions in one language, answer them in others."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.downstream.batches import Row
from eval.downstream.evaluation import evaluate
from eval.downstream.evaluation_sets import EvaluationSet, find_sets, selected
from eval.downstream.pretrained import Head, Reader
from eval.downstream.task import GoldSet, Report, from_each, limited
from eval.downstream.training_files import check_once
from eval.qa.answers import find_answers
from eval.qa.config import QaConfig
from eval.qa.questions import Question, read_questions, scorable, trainable
from eval.qa.squad import MLQA_LANGUAGES, Normalize, mlqa_tokens, score_answer, squad_tokens
from eval.qa.text_pieces import TextPieces
from eval.qa.windows import WindowMaker, WindowRule
from x2static.core.errors import DatasetError
from x2static.core.outcome import Outcome

if TYPE_CHECKING:
    import torch


def qa(config: QaConfig) -> Outcome:
    """Run ``x2static eval qa``."""
    return evaluate(QaTask(config), config)


class QaTask:
    """Questions to learn from and to be tested on."""

    command = "eval qa"
    head: Head = "AutoModelForQuestionAnswering"
    tags = None

    def __init__(self, config: QaConfig) -> None:
        """Read all files; every fault in them shows before any work.

        Raises:
            DatasetError: a file that is missing, of another format, or without what it is for.
        """
        self._config = config
        found = find_sets(config.test)
        golds = [gold for one in found for gold in _gold_sets(one, config)]
        chosen = selected([gold.about.code for gold in golds], config.languages)
        self.sets = [golds[place] for place in chosen]
        for gold in self.sets:
            _metric(gold.about, config)
        self.questions, self.learned = _training_questions(config)
        self.dev = [] if config.dev is None else scorable(read_questions(config.dev), config.dev)

    def loss_of(self, output: Any, gold: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of the answers' first and last pieces, their mean."""
        from torch.nn.functional import cross_entropy

        begin = cross_entropy(output.start_logits.float(), gold[:, 0], reduction="sum")
        end = cross_entropy(output.end_logits.float(), gold[:, 1], reduction="sum")
        return (begin + end) / 2

    def weight_of(self, row: Row) -> float:  # noqa: ARG002
        """Each window counts the same."""
        return 1.0

    def tokenized(
        self, tokenizer: Any, max_pieces: int, budget: int, precision: str
    ) -> TokenizedQuestions:
        """The questions in a tokenizer's pieces."""
        return TokenizedQuestions(self, self._config, tokenizer, max_pieces, budget, precision)


class TokenizedQuestions:
    """The questions through the eyes of one tokenizer."""

    def __init__(
        self,
        task: QaTask,
        config: QaConfig,
        tokenizer: Any,
        max_pieces: int,
        budget: int,
        precision: str,
    ) -> None:
        """Look at the questions in this tokenizer's pieces."""
        rule = WindowRule(max_pieces, config.max_question, config.stride)
        self._task = task
        self._config, self._budget, self._precision = config, budget, precision
        self._maker = WindowMaker(TextPieces(tokenizer), rule)
        place = (config.dev,) if config.dev else ()
        about = EvaluationSet("dev", next(iter(config.training)), "dev", place)
        self._dev = GoldSet(about, task.dev, {})

    @cached_property
    def rows(self) -> list[Row]:
        """Inputs of the training data; a vocabulary that is only tested in never makes them."""
        return self._rows(self._task.questions)

    @cached_property
    def dev_rows(self) -> list[Row]:
        """Inputs of the development data."""
        return self._rows(self._task.dev)

    def examine(self, reader: Reader, gold: GoldSet, label: str = "") -> Report:
        """Answer the questions of a set; the score of a question is its best gold answer's."""
        contexts = self._maker.contexts(gold.items)
        windows = list(self._maker.windows(gold.items, contexts))
        texts = find_answers(
            reader,
            gold.items,
            contexts,
            windows,
            max_answer=self._config.max_answer,
            budget=self._budget,
            precision=self._precision,
            label=label,
        )
        normalize = _metric(gold.about, self._config)
        found = [
            score_answer(text, [answer.text for answer in question.answers], normalize)
            for text, question in zip(texts, gold.items, strict=True)
        ]
        scores = {
            "f1": sum(f1 for f1, _ in found) / len(found),
            "exact_match": sum(exact for _, exact in found) / len(found),
        }
        said = {question.id: text for question, text in zip(gold.items, texts, strict=True)}
        return Report(scores, json.dumps(said, ensure_ascii=False, indent=1) + "\n", "json")

    def examine_dev(self, reader: Reader) -> float:
        """F1 on the development questions."""
        return self.examine(reader, self._dev).scores["f1"]

    def _rows(self, questions: Sequence[Question]) -> list[Row]:
        contexts = self._maker.contexts(questions)
        return [window.row for window in self._maker.windows(questions, contexts)]


def _training_questions(config: QaConfig) -> tuple[list[Question], dict[str, int]]:
    """What is learned from, and how much of each language."""
    files = config.training
    learned = {}
    for code, path in files.items():
        everything = read_questions(path)
        if any(question.language is None for question in everything):
            check_once(files, code)
        questions = _of_language(everything, code)
        if not questions:
            flag = "--train-language" if len(files) == 1 else "--train"
            raise DatasetError(f"{path}: no question in {flag} {code}")
        learned[code], _ = trainable(questions, config.on_error)
    return from_each(learned, config.max_train)


def _of_language(questions: list[Question], language: str) -> list[Question]:
    """Those of a language where the ids tell it, as TyDiQA's do; else all."""
    if all(question.language is None for question in questions):
        return questions
    return [question for question in questions if question.language == language]


def _gold_sets(about: EvaluationSet, config: QaConfig) -> list[GoldSet]:
    """The set of a file, or one for each language of a file that holds several, as TyDiQA's."""
    path = about.paths[0]
    everything = read_questions(path)
    languages = list(dict.fromkeys(question.language for question in everything))
    if about.language is not None or None in languages:
        return [_gold_set(about, everything, path, config)]
    return [
        _gold_set(
            dataclasses.replace(about, language=language, label=str(language)),
            [question for question in everything if question.language == language],
            path,
            config,
        )
        for language in languages
    ]


def _gold_set(
    about: EvaluationSet, questions: list[Question], path: Path, config: QaConfig
) -> GoldSet:
    kept = scorable(questions, path)
    counts = {"questions": len(kept), "without_answer": len(questions) - len(kept)}
    some = limited(kept, config.max_test)
    return GoldSet(about, some, {**counts, "questions": len(some)})


def _metric(about: EvaluationSet, config: QaConfig) -> Normalize:
    """How the answers of a set are normalised."""
    place = about.paths[0].name if about.paths else ""
    looks_like_mlqa = (
        "mlqa" in place.lower() or about.name.startswith("context-") or ("context-*" in about.name)
    )
    if config.metric == "squad" or (config.metric == "auto" and not looks_like_mlqa):
        return squad_tokens
    if about.language not in MLQA_LANGUAGES:
        raise DatasetError(
            f"{place}: MLQA's metric has no rules for language {about.language}, only for "
            f"{', '.join(MLQA_LANGUAGES)}; tell the language as in --test de=FILE, or pass "
            "--metric squad"
        )
    return functools.partial(mlqa_tokens, language=about.language)
