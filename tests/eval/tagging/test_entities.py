"""Entities and their F1 against seqeval, the package whose figures are reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.tagging.entities import EntityCounts, are_entity_tags, count_entities, entities

IOB = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-X-Y", "I-Y")
IOBES = (*IOB, "E-PER", "S-PER", "E-LOC", "S-LOC")
# seqeval 1.2 takes a bare tag's first letter for its prefix and the rest for its kind, so that
# SCONJ and CCONJ would be of one kind there, X and O too; its older versions, XTREME's, do not.
PARTS = ("NOUN", "VERB", "SYM", "INTJ", "ADV", "O", ".")


def counted(golds, founds):
    counts = EntityCounts(0, 0, 0)
    for gold, found in zip(golds, founds, strict=True):
        counts += count_entities(gold, found)
    return counts


def corpora(tags):
    pair = st.tuples(st.sampled_from(tags), st.sampled_from(tags))
    return st.lists(st.lists(pair, min_size=1, max_size=9), min_size=1, max_size=5)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tags", [IOB, IOBES, PARTS], ids=["iob", "iobes", "parts of speech"])
def test_equals_seqeval(tags):
    metrics = pytest.importorskip("seqeval.metrics")
    labelling = pytest.importorskip("seqeval.metrics.sequence_labeling")

    @given(corpora(tags))
    def check(corpus):
        golds = [[gold for gold, _ in sentence] for sentence in corpus]
        founds = [[found for _, found in sentence] for sentence in corpus]
        for tags_of in golds:
            spans = [(first, last) for _, first, last in entities(tags_of)]
            assert spans == [(a, b) for _, a, b in labelling.get_entities(tags_of)]
        counts = counted(golds, founds)
        for name in ("precision", "recall", "f1"):
            expected = getattr(metrics, f"{name}_score")(golds, founds)
            assert getattr(counts, name) == pytest.approx(expected)

    check()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("B-PER I-PER O B-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),
        ("I-PER I-PER", [("PER", 0, 1)]),  # lenient: no B- is needed
        ("B-PER B-PER", [("PER", 0, 0), ("PER", 1, 1)]),
        ("B-PER I-LOC", [("PER", 0, 0), ("LOC", 1, 1)]),
        ("O O", []),
        ("DET NOUN NOUN VERB", [("DET", 0, 0), ("NOUN", 1, 2), ("VERB", 3, 3)]),
        ("SCONJ SCONJ CCONJ", [("SCONJ", 0, 0), ("SCONJ", 1, 1), ("CCONJ", 2, 2)]),
    ],
)
def test_entities_by_hand(tags, expected):
    assert list(entities(tags.split())) == expected


def test_f1_by_hand():
    gold = ["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG"]
    found = ["B-PER", "O", "O", "B-LOC", "O", "B-LOC"]
    counts = count_entities(gold, found)  # of 3 gold and 3 found, the place alone is right
    assert counts == EntityCounts(3, 3, 1)
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_nothing_found_and_nothing_there():
    assert EntityCounts(0, 0, 0).f1 == EntityCounts(3, 0, 0).precision == 0.0
    assert EntityCounts(0, 2, 0).recall == 0.0


def test_what_entity_tags_are():
    assert are_entity_tags(["O", "B-PER", "I-PER", "S-X"])
    assert not are_entity_tags(["O", "NOUN"])
    assert not are_entity_tags(["INTJ", "SYM"])
