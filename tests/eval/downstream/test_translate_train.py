"""Learning from several languages: ``--train en=FILE de=FILE``."""

import json
from pathlib import Path

import pytest

import eval.downstream.evaluation
from eval.downstream.score_tables import ScoreRow, as_data, as_text
from eval.downstream.spread import Spread
from eval.downstream.training_files import place_among, training_files
from eval.nli.config import NliConfig
from eval.tagging.config import TaggingConfig
from tests.eval.downstream_pieces import save_model, squad_text, tagged_text
from x2static.core.config import build
from x2static.core.errors import ConfigError
from x2static.languages.tables.scores import read_scores

FAST = ("--learning-rate", "0.02", "--warmup", "0", "--batch", "8", "--device", "cpu", "--seeds", 1)
ALL = "the\tDET\ncat\tNOUN\nsat\tVERB\n\n"
SWAPPED = "dog\tVERB\nran\tNOUN\n\n"  # words that only the second language teaches


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def world(tmp_path):
    (tmp_path / "en.tsv").write_text(ALL * 24)
    (tmp_path / "de.tsv").write_text(SWAPPED * 24)
    for code, text in (("en", ALL), ("de", SWAPPED), ("fr", ALL), ("sw", SWAPPED)):
        (tmp_path / f"test-{code}.tsv").write_text(text * 4)
    return tmp_path


def tagged(world, run_cli, model, *train, more=()):
    code, text, errors = run_cli(
        "eval", "tagging", "--model", model, "--train", *train, "--test", world / "test-*.tsv",
        *FAST, "--epochs", 6, "--json", world / "s.json", *more,
    )  # fmt: skip
    assert code == 0, errors
    return json.loads((world / "s.json").read_text()), text, errors


def test_both_languages_are_learned_from(world, run_cli, model):
    one, _, _ = tagged(world, run_cli, model, world / "en.tsv")
    two, text, errors = tagged(world, run_cli, model, f"en={world}/en.tsv", f"de={world}/de.tsv")

    def accuracy(data):
        return {row["language"]: row["accuracy"]["mean"] for row in data["rows"]}

    assert accuracy(one)["en"] == accuracy(two)["en"] == accuracy(two)["fr"] == 1.0
    assert accuracy(one)["sw"] < 1.0 == accuracy(two)["sw"]  # only German says what a dog is
    assert "learning from 24 of en, 24 of de" in errors
    assert "fine-tuning: 288/288 inputs" in errors
    assert (one["learned"], two["learned"]) == ({"en": 24}, {"en": 24, "de": 24})
    assert {row["language"]: row["zero_shot"] for row in two["rows"]} == {
        "de": False, "en": False, "fr": True, "sw": True,
    }  # fmt: skip
    assert two["run"]["settings"]["train"] == [f"en={world}/en.tsv", f"de={world}/de.tsv"]
    assert "transfer gap" in text


def test_max_train_counts_for_each_language(world, run_cli, model):
    data, _, errors = tagged(
        world, run_cli, model, f"en={world}/en.tsv", f"de={world}/de.tsv",
        more=("--max-train", 5, "--on-unseen", "count"),
    )  # fmt: skip
    assert data["learned"] == {"en": 5, "de": 5}
    assert "fine-tuning: 60/60 inputs" in errors


def row(language, trained, *values):
    return ScoreRow("m", "s", language, trained, {"f1": Spread(values)}, {"questions": 9})


def test_means_and_gap_by_hand():
    rows = [row("de", 1, 0.7), row("en", 0, 0.9), row("fr", None, 0.5), row("sw", None, 0.2)]
    found = {one["over"]: one["f1"]["mean"] for one in as_data(rows)["averages"]}
    assert found["average"] == pytest.approx((0.7 + 0.9 + 0.5 + 0.2) / 4)
    assert found["zero-shot"] == pytest.approx((0.5 + 0.2) / 2)  # not German
    assert found["transfer gap"] == pytest.approx(0.9 - 0.35)  # English, not the mean with German
    assert "transfer gap" not in as_text([rows[0], *rows[2:]])  # English was not tested


@pytest.mark.parametrize(
    ("trained", "language", "place"),
    [(["en", "de"], "de", 1), (["en"], "eng", 0), (["de"], "en", None), (["en"], None, None)],
)
def test_a_test_sets_language_among_those_trained_on(trained, language, place):
    assert place_among({code: Path(code) for code in trained}, language) == place


def test_every_way_to_say_it(tmp_path):
    def config(train, **more):
        return TaggingConfig(model=("m",), test=("t",), train=train, **more)

    assert config(Path("a.tsv")).training == config(("a.tsv",)).training == {"en": Path("a.tsv")}
    assert config("a.tsv", train_language="fi").training == {"fi": Path("a.tsv")}
    both = {"en": Path("a.tsv"), "de": Path("b.tsv")}
    assert config({"en": "a.tsv", "de": Path("b.tsv")}).training == both
    assert config(("en=a.tsv", "de=b.tsv")).training == both
    assert config(("de=b.tsv",)).train_language == "de"
    odd = tmp_path / "en=1.tsv"
    odd.touch()
    assert config(str(odd)).training == {"en": odd}  # a file of this name is there
    for text in ('train = "a.tsv"', 'train = ["a.tsv"]', 'train = {en = "a.tsv"}'):
        (tmp_path / "c.toml").write_text(f'{text}\nmodel = ["m"]\ntest = ["t"]\n')
        made = build(TaggingConfig, {}, tmp_path / "c.toml", "eval tagging")
        assert made.training == {"en": Path("a.tsv")}


@pytest.mark.parametrize(
    ("train", "language", "line"),
    [
        (("en=a", "en=b"), None, "--train en=b: the language is named twice"),
        (("de=a", "de_DE=b"), None, "de_DE=b: the language is named twice"),
        (("en=a", "b"), None, "--train b: several files need their languages"),
        (("qq=a",), None, "--train: unknown code 'qq'"),
        (("german=a",), None, "--train: use the code 'de' for 'german'"),
        (("de=a",), "en", "--train-language en: --train names its languages itself"),
        ((), None, "--train names no file"),
    ],
)
def test_what_cannot_be_meant(train, language, line):
    with pytest.raises(ConfigError, match=line):
        training_files(train, language)


def test_every_training_file_counts_in_a_folder(world, run_cli, model, refuses, monkeypatch):
    command = (
        "eval", "tagging", "--model", model, "--test", world / "test-*.tsv", *FAST, "--epochs", 1,
        "--output", world / "out", "--train", f"en={world}/en.tsv",
    )  # fmt: skip
    both = (*command, f"de={world}/de.tsv")
    assert run_cli(*both)[0] == 0
    refuses("train_language was en de and is en", *command)
    monkeypatch.setattr(eval.downstream.evaluation, "finetune", None)  # nothing is tuned again
    assert run_cli(*both, "--resume")[0] == 0
    (world / "de.tsv").write_text(SWAPPED * 25)
    refuses("train was", *both, "--resume")


def test_questions_of_two_languages(tmp_path, run_cli, model, refuses):
    content = json.loads(squad_text(6))
    for number, paragraph in enumerate(content["data"][0]["paragraphs"]):
        paragraph["qas"][0]["id"] = f"{('english', 'finnish', 'swahili')[number % 3]}-{number}-1"
    (tmp_path / "tydi.json").write_text(json.dumps(content))
    (tmp_path / "plain.json").write_text(squad_text(5))
    command = ("eval", "qa", "--model", model, "--test", tmp_path / "tydi.json", *FAST, "--epochs",
               1, "--max-pieces", 40, "--json", tmp_path / "s.json", "--train")  # fmt: skip
    files = (f"en={tmp_path}/tydi.json", f"fi={tmp_path}/tydi.json", f"de={tmp_path}/plain.json")
    code, _, errors = run_cli(*command, *files)
    assert code == 0, errors
    data = json.loads((tmp_path / "s.json").read_text())
    assert data["learned"] == {"en": 2, "fi": 2, "de": 5}  # TyDiQA's own file holds all languages
    zero_shot = {one["language"]: one["zero_shot"] for one in data["rows"]}
    assert zero_shot == {"en": False, "fi": False, "sw": True}
    refuses(
        "plain.json is given for de and for fr", *command, files[2], f"fr={tmp_path}/plain.json"
    )
    refuses("tydi.json: no question in --train ja", *command, files[0], f"ja={tmp_path}/tydi.json")


def test_modules_of_languages_are_not_mixed(world, run_cli, tmp_path):
    from tests.teachers import save_teacher

    folder = save_teacher(tmp_path / "xmod", "xmod")
    code, _, errors = run_cli(
        "eval", "tagging", "--model", folder, "--train", f"en={world}/en.tsv", f"de={world}/de.tsv",
        "--test", world / "test-[de][en].tsv", *FAST, "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 2
    wanted = "xmod: has modules or embeddings of their own for languages, so it learns in one at a"
    assert wanted in errors.splitlines()[-1]
    assert errors.endswith("--train names en de\n")
    assert not (tmp_path / "out").exists()


def test_labels_must_agree(tmp_path, refuses, model):
    (tmp_path / "en.tsv").write_text("a\tb\tentailment\na\tc\tneutral\n")
    (tmp_path / "de.tsv").write_text("a\tb\t0\na\tc\t1\n")
    command = ("eval", "nli", "--model", model, "--train", f"en={tmp_path}/en.tsv")
    refuses(
        r"de\.tsv: labels 0 1, but .*en\.tsv has entailment neutral",
        *command, f"de={tmp_path}/de.tsv", "--test", tmp_path / "en.tsv", *FAST,
    )  # fmt: skip


def test_sources_take_one_file():
    with pytest.raises(ConfigError, match="--sources learns from one language at a time"):
        NliConfig(model=("m",), test=("t",), train={"en": "{}.tsv"}, sources=("en",))


def test_scores_of_several_sources_have_no_place_in_a_matrix(tmp_path):
    path = tmp_path / "s.json"
    settings = {"train": ["en=a", "de=b"], "train_language": None}
    rows = [{"language": "fr", "f1": 0.5}]
    path.write_text(json.dumps({"rows": rows, "run": {"settings": settings}}))
    with pytest.raises(Exception, match="learned from several languages"):
        read_scores([path])


def test_one_text_for_two_languages(tmp_path, refuses, model):
    (tmp_path / "a.tsv").write_text(tagged_text(3))
    same = [f"{code}={tmp_path}/a.tsv" for code in ("en", "de")]
    command = ("eval", "tagging", "--model", model, "--test", tmp_path / "a.tsv", *FAST)
    refuses("a.tsv is given for en and for de", *command, "--train", *same)
