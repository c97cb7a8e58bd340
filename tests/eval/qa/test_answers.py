"""The best span against brute force, and answers from a head whose scores are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from eval.downstream.pretrained import Reader
from eval.qa.answers import best_spans, find_answers
from eval.qa.questions import Answer, Question
from eval.qa.text_pieces import TextPieces
from eval.qa.windows import WindowMaker, WindowRule
from tests.eval.downstream_pieces import pair_tokenizer
from x2static.teacher.speaker import Speaker

CONTEXT = "the cat sat on the mat and a dog ran under the rug and the mouse slept"


def brute_force(begins, ends, may_begin, may_end, most):
    best = (-np.inf, 0, 0)
    for first in range(len(begins)):
        for last in range(first, min(first + most, len(ends))):
            score = begins[first] + ends[last]
            if may_begin[first] and may_end[last] and score > best[0]:
                best = (score, first, last)
    return best


@pytest.mark.parametrize("most", [1, 3, 30])
@pytest.mark.parametrize("steps", [3, 1000], ids=["many ties", "no ties"])
def test_best_span_is_that_of_brute_force(rng, most, steps):
    shape = (40, 9)
    begins, ends = (rng.integers(0, steps, shape).astype(np.float32) for _ in range(2))
    may_begin, may_end = (rng.random(shape) < 0.6 for _ in range(2))
    tensors = [torch.from_numpy(array) for array in (begins, ends, may_begin, may_end)]
    scores, firsts, lasts = best_spans(*tensors, most)
    for row in range(len(begins)):
        expected = brute_force(begins[row], ends[row], may_begin[row], may_end[row], most)
        assert float(scores[row]) == expected[0]
        if np.isfinite(expected[0]):
            assert (int(firsts[row]), int(lasts[row])) == expected[1:]


class LoudHead(torch.nn.Module):
    """Scores each place by its piece: what is asked for is loudest."""

    def __init__(self, begin, end):
        super().__init__()
        self.begin, self.end = begin, end

    def forward(self, input_ids, attention_mask, token_type_ids):
        begins = 5.0 * (input_ids == self.begin) + 0.01 * attention_mask
        ends = 5.0 * (input_ids == self.end) + 0.01 * attention_mask
        return SimpleNamespace(start_logits=begins, end_logits=ends)


def reading(head, tokenizer):
    speaker = Speaker("loud", head, tokenizer)
    return Reader("loud", head, torch.device("cpu"), 40, tokenizer.pad_token_id, 2, speaker)


def ask(begin, end, question="the house", max_pieces=18, budget=100):
    tokenizer = pair_tokenizer("bert")
    ids = [tokenizer.convert_tokens_to_ids(word) for word in (begin, end)]
    reader = reading(LoudHead(*ids), tokenizer)
    questions = [Question("1", question, CONTEXT, (Answer("cat", 4),), "test")]
    maker = WindowMaker(TextPieces(tokenizer), WindowRule(max_pieces, 64, 4))
    contexts = maker.contexts(questions)
    windows = list(maker.windows(questions, contexts))
    assert len(windows) > 2
    return find_answers(
        reader, questions, contexts, windows, max_answer=30, budget=budget, precision="fp32"
    )[0]


@pytest.mark.parametrize("budget", [1, 40, 1000])
@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [("cat", "cat", "cat"), ("dog", "dog", "dog"), ("sat", "mat", "sat on the mat")],
)
def test_answer_is_the_loudest_span_of_all_windows(begin, end, expected, budget):
    assert ask(begin, end, budget=budget) == expected


def test_answer_never_comes_from_the_question():
    assert ask("cat", "cat", question="cat house") == "cat"
    assert ask("dog", "dog", question="dog dog dog dog") == "dog"
    # "mouse" is in the question only as the first words of the context come later
    assert "tree" not in ask("tree", "tree", question="tree")


def test_empty_context_is_answered_with_nothing():
    tokenizer = pair_tokenizer("bert")
    reader = reading(LoudHead(1, 1), tokenizer)
    questions = [Question("1", "the cat", "", (Answer("x", 0),), "test")]
    maker = WindowMaker(TextPieces(tokenizer), WindowRule(20, 64, 4))
    contexts = maker.contexts(questions)
    windows = list(maker.windows(questions, contexts))
    answers = find_answers(
        reader, questions, contexts, windows, max_answer=30, budget=100, precision="fp32"
    )
    assert answers == [""]
