"""``x2static eval bli`` from files to rows."""

import json
import subprocess
import sys

import numpy as np
import pytest

from eval.bli.config import BliConfig
from eval.bli.score import EXACT_RANKS, AlignedPair
from eval.bli.stage import bli
from x2static.cli import main
from x2static.core.errors import ConfigError, LexiconError, OutputError, VectorFormatError
from x2static.core.scores.intervals import share_interval


def write_vec(path, words, matrix):
    rows = "".join(
        f"{w} {' '.join(f'{v:.6f}' for v in row)}\n" for w, row in zip(words, matrix, strict=True)
    )
    path.write_text(f"{len(words)} {len(matrix[0])}\n{rows}", encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path):
    """German and English on the axes of one space: der-the, Haus-house, von-of, Tür-door."""
    de = write_vec(
        tmp_path / "de.vec", ["der", "Haus", "haus", "von", "Tür"], np.eye(5)[[0, 1, 4, 2, 3]]
    )
    en = write_vec(tmp_path / "en.vec", ["the", "of", "house", "door", "from"],
                   [[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0.9, 0.5, 0],
                    [0, 0, 0.5, 0, 0.5]])  # fmt: skip
    lexicon = tmp_path / "de-en.txt"
    lexicon.write_text("der the\nhaus house\nvon from\nvon of\ntür door\nhund dog\n", "utf-8")
    return de, en, lexicon


def config(files, **options):
    de, en, lexicon = files
    return BliConfig(source=(de,), target=(en,), lexicon=(lexicon,), **options)


def test_rows_by_hand(files):
    # lower-cased: Haus stays (it is the first casing), hund is unknown; Tür likes door
    (row,) = bli(config(files, method=("nn",))).data["rows"]
    assert row["source"] == str(files[0])
    assert row["target"] == str(files[1])
    assert row["method"] == "nn"
    assert (row["queries"], row["dictionary_queries"], row["coverage"]) == (4, 5, 0.8)
    assert row["p@1"] == row["p@5"] == row["p@10"] == row["mrr"] == 1
    assert row["strict_p@1"] == 0.8
    assert (row["source_words"], row["target_words"]) == (4, 5)


def test_exact_case_covers_what_is_spelled_alike(files):
    (row,) = bli(config(files, method=("nn",), case="exact")).data["rows"]
    # haus (not Haus) is now its own word and near nothing; Tür is not tür
    assert row["source_words"] == 5
    assert row["queries"] == 3
    assert row["p@1"] == pytest.approx(2 / 3)


def test_pairs_and_phrases_are_counted(files):
    lexicon = files[2]
    lines = lexicon.read_text("utf-8").replace(" ", "\t")
    lexicon.write_text(lines + "der Hund\tdog\nvon\tout of\n", "utf-8")
    outcome = bli(config(files, both_directions=True))
    for row in outcome.data["rows"]:
        assert (row["pairs"], row["known_pairs"], row["dropped_phrases"]) == (6, 5, 2)
    stated = "de-en.txt: 5 of 6 pairs have both words in the vectors; 2 phrases left out"
    assert outcome.text.count(stated) == 1


def test_names_are_told_apart_below_the_table(files):
    de, _, lexicon = files
    assert "spelled like" not in bli(config(files)).text
    lexicon.write_text("der the\nof of\n", "utf-8")
    write_vec(de, ["der", "of"], np.eye(5)[[0, 1]])
    told = "de.vec → en.vec nn: 50.0 % of the queries are spelled like a translation; p@1 of the "
    assert bli(config(files, method=("nn",))).text.endswith(told + "others 100.00 [20.7, 100.0]")
    lexicon.write_text("of of\n", "utf-8")
    assert "others none left" in bli(config(files)).text


def test_both_directions_methods_and_table(files):
    outcome = bli(config(files, method=("nn", "csls"), both_directions=True, k=(2, 1)))
    rows = outcome.data["rows"]
    names = [(row["source"][-6:], row["target"][-6:], row["method"]) for row in rows]
    assert names == [
        ("de.vec", "en.vec", "nn"),
        ("de.vec", "en.vec", "csls"),
        ("en.vec", "de.vec", "nn"),
        ("en.vec", "de.vec", "csls"),
    ]
    assert {"p@1", "p@2", "strict_p@2"} <= set(rows[0])
    assert "p@5" not in rows[0]
    assert "de.vec → en.vec" in outcome.text
    assert "80.0 %" in outcome.text
    assert outcome.data["run"]["inputs"][str(files[2])]["sha256"]


def test_max_vocabulary_cuts_after_lower_casing(files):
    (row,) = bli(config(files, max_vocabulary=3)).data["rows"]
    assert (row["source_words"], row["target_words"]) == (3, 3)
    assert row["queries"] == 3  # der, haus, von; not tür
    (everything,) = bli(config(files, max_vocabulary=0)).data["rows"]
    assert everything["target_words"] == 5


def test_several_pairs_share_a_target(files):
    de, en, lexicon = files
    both = BliConfig(source=(de, de), target=(en,), lexicon=(lexicon, lexicon))
    first, second = bli(both).data["rows"]
    assert first == second
    with pytest.raises(ConfigError, match="--source: 3 files for 2 --lexicon"):
        BliConfig(source=(de,) * 3, target=(en,), lexicon=(lexicon, lexicon))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"k": ()}, "--k"),
        ({"k": (0, 1)}, "--k"),
        ({"csls": 0}, "--csls"),
        ({"max_vocabulary": -1}, "--max-vocabulary"),
        ({"method": ()}, "--method"),
        ({"device": "cuda", "index": "hnsw"}, "--device cuda"),
    ],
)
def test_settings_out_of_range(files, options, complaint):
    with pytest.raises(ConfigError, match=complaint):
        config(files, **options)


def test_induced_dictionary(files, tmp_path):
    output = tmp_path / "induced.txt"
    bli(config(files, method=("nn",), induce=output))
    assert output.read_text("utf-8") == "der\tthe\nhaus\thouse\nvon\tof\n"  # door is nearer to von
    assert json.loads((tmp_path / "induced.txt.run.json").read_text())["counts"] == {
        "induced_pairs": 3
    }
    with pytest.raises(OutputError, match="exists already"):
        bli(config(files, induce=output))
    bli(config(files, method=("nn",), induce=output, induce_cutoff=2, overwrite=True))
    assert output.read_text("utf-8") == "der\tthe\n"


def test_wrong_direction_is_named(files, capsys):
    de, en, lexicon = files
    turned = BliConfig(source=(en,), target=(de,), lexicon=(lexicon,))
    with pytest.raises(LexiconError, match=r"de-en\.txt: .*the other way round"):
        bli(turned)
    assert capsys.readouterr().err == ""  # said once, as the error
    lexicon.write_text(lexicon.read_text("utf-8") + "of von\n", "utf-8")
    bli(turned)
    assert "warning" in capsys.readouterr().err


def test_bad_dictionary_fails_before_vectors_are_read(files, tmp_path):
    _, en, lexicon = files
    lexicon.write_text("der the\nhaus\n")
    with pytest.raises(LexiconError, match=":2:"):
        bli(BliConfig(source=(tmp_path / "absent",), target=(en,), lexicon=(lexicon,)))


def test_duplicates_stop_or_are_skipped(files, tmp_path):
    de, _, lexicon = files
    twice = write_vec(tmp_path / "twice.vec", ["the", "the"], np.eye(5)[:2])
    with pytest.raises(VectorFormatError):
        bli(BliConfig(source=(de,), target=(twice,), lexicon=(lexicon,)))
    (row,) = bli(
        BliConfig(source=(de,), target=(twice,), lexicon=(lexicon,), on_error="skip")
    ).data["rows"]
    assert row["target_words"] == 1


def test_each_precision_has_the_interval_of_its_own_queries(files):
    (row,) = bli(config(files, method=("nn",))).data["rows"]
    assert row["queries"] == 4 < row["dictionary_queries"]
    left = row["queries"] * (1 - row["alike"])
    others = [("p@1_nonidentical", left), ("other_p@1", left)]
    for name, items in [("p@1", 4), ("strict_p@5", row["dictionary_queries"]), *others]:
        expected = share_interval(row[name], round(items)) if row[name] is not None else None
        assert row["interval_95"][name] == expected, name
    assert "mrr" not in row["interval_95"]


def test_command_line_json_and_exit_codes(files, tmp_path, capsys):
    de, en, lexicon = map(str, files)
    given = ["eval", "bli", "--source", de, "--target", en, "--lexicon"]
    assert main([*given, lexicon, "--method", "nn", "--json", str(tmp_path / "o.json")]) == 0
    data = json.loads((tmp_path / "o.json").read_text("utf-8"))
    assert data["rows"][0]["p@1"] == 1
    assert data["rows"][0]["interval_95"]["p@1"] == pytest.approx(list(share_interval(1.0, 4)))
    assert main([*given, str(tmp_path / "none.txt")]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 2
    assert error[0].startswith(f"warning: de.vec → en.vec ({lexicon}): 4 queries, fewer than 200")
    assert data["warnings"] == [error[0].removeprefix("warning: ")]
    assert error[1].startswith("error: ")


def test_no_torch(files):
    de, en, lexicon = map(str, files)
    program = (
        "import sys; from x2static.cli import main; "
        f"code = main(['eval', 'bli', '--source', {de!r}, '--target', {en!r}, "
        f"'--lexicon', {lexicon!r}]); "
        "sys.exit(code or 'torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_capitals_in_the_dictionary(files):
    lexicon = files[2]
    lexicon.write_text(lexicon.read_text("utf-8").upper(), "utf-8")
    (row,) = bli(config(files)).data["rows"]
    assert row["coverage"] == 0.8


def test_every_rank_exact_on_request(files, monkeypatch):
    depths = []
    score = AlignedPair.score

    def noted(self, lexicon, method, depth, **more):
        depths.append(depth)
        return score(self, lexicon, method, depth, **more)

    monkeypatch.setattr(AlignedPair, "score", noted)
    (some,), (every,) = (bli(config(files, exact_mrr=e)).data["rows"] for e in (False, True))
    bli(config(files, k=(1, 500)))
    assert some == every
    assert depths == [EXACT_RANKS, None, 500]
