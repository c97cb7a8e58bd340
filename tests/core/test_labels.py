"""Short names."""

import pytest

from x2static.core.labels import labels_of


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ((), []),
        (("xlm-roberta-base",), ["xlm-roberta-base"]),
        (("runs/a/model", "runs/b/model/"), ["a-model", "b-model"]),
        (("same", "same"), ["same-1", "same-2"]),
        (("/", "."), ["model-1", "model-2"]),
        (("a b/c:d",), ["c-d"]),
    ],
)
def test_labels_tell_places_apart(places, expected):
    assert labels_of(places) == expected
