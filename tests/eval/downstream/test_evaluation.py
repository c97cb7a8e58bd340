"""``x2static eval qa`` and ``eval tagging``, with models that learn in seconds."""

import json
import re
import shutil
from pathlib import Path

import pytest

import eval.downstream.evaluation
import eval.downstream.finetune
from tests.eval.downstream_pieces import save_model, squad_text, tagged_text

DATA = Path(__file__).parents[2] / "data" / "downstream"
FAST = ("--learning-rate", "0.02", "--warmup", "0", "--batch", "8", "--device", "cpu")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def tags(write_text):
    train, test = (
        write_text("train-en.tsv", tagged_text(40)),
        write_text("test-en.tsv", tagged_text(5)),
    )
    write_text("test-de.tsv", tagged_text(9))
    return ("--train", train, "--test", test.parent / "test-*.tsv", *FAST, "--epochs", "6")


@pytest.fixture
def questions(write_text):
    train, test = write_text("train.json", squad_text(32)), write_text("set.en.json", squad_text(4))
    write_text("set.sw.json", squad_text(6))
    return (
        "--train", train, "--test", test.parent / "set.*.json", *FAST, "--epochs", "8",
        "--max-pieces", "40",
    )  # fmt: skip


@pytest.fixture
def no_training(monkeypatch):
    """Turns any fine-tuning from here on into a failure; call it."""

    def forbid():
        def refuse(*_):
            raise AssertionError("fine-tuned again")

        monkeypatch.setattr(eval.downstream.evaluation, "finetune", refuse)

    return forbid


def test_tagging_learns_and_reports(model, tags, run_cli, tmp_path):
    arguments = ("--seeds", 2, "--json", tmp_path / "s.json", "--markdown", tmp_path / "s.md")
    code, out, err = run_cli("eval", "tagging", "--model", model, *tags, *arguments)
    assert code == 0, err
    data = json.loads((tmp_path / "s.json").read_text())
    assert [(r["set"], r["language"], r["zero_shot"]) for r in data["rows"]] == [
        ("tags", "de", True), ("tags", "en", False),
    ]  # fmt: skip
    for row in data["rows"]:
        assert row["accuracy"]["values"] == row["f1"]["values"] == [1.0, 1.0]
        assert row["accuracy"]["sd"] == 0
    assert data["rows"][0]["sentences"] == 9
    assert data["run"]["settings"]["epochs"] == 6
    assert data["run"]["resolved"] == {"device": "cpu", "precision": "fp32"}
    assert out.splitlines()[0].split() == ["tags", "tiny", "accuracy", "tiny", "F1"]
    assert "zero-shot" in out
    assert "| tiny | 100.00 ±0.00 | 100.00 ±0.00 |" in (tmp_path / "s.md").read_text()
    assert "fine-tuning: 240/240 inputs" in err
    assert "Some weights" not in err  # the library's reports stay out


def test_qa_learns_and_reports(model, questions, run_cli, tmp_path):
    code, _, err = run_cli(
        "eval", "qa", "--model", model, *questions, "--seeds", 1, "--json", tmp_path / "s.json",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    data = json.loads((tmp_path / "s.json").read_text())
    for row in data["rows"]:
        assert row["f1"]["mean"] == row["exact_match"]["mean"] == 1.0
    predictions = json.loads((tmp_path / "out/tiny/seed-0/set.sw.predictions.json").read_text())
    assert predictions["q0"] == "cat"
    assert predictions["q1"] == "dog"
    assert not (tmp_path / "out/tiny/seed-0/model").exists()


def test_finished_seeds_and_tests_are_not_computed_again(
    model, tags, run_cli, no_training, tmp_path
):
    command = ("eval", "tagging", "--model", model, *tags, "--output", tmp_path / "out")
    assert run_cli(*command, "--seeds", 1, "--keep-models")[0] == 0
    first = json.loads((tmp_path / "out/scores.json").read_text())
    no_training()
    assert run_cli(*command, "--seeds", 1, "--resume")[0] == 0  # all is read from the folder
    second = json.loads((tmp_path / "out/scores.json").read_text())
    assert second["rows"] == first["rows"]
    with pytest.raises(AssertionError, match="fine-tuned again"):  # a further seed is new work
        run_cli(*command, "--seeds", 2, "--resume")


def test_kept_model_answers_a_further_test_set_alike(
    model, tags, run_cli, no_training, tmp_path, write_text
):
    command = ("eval", "tagging", "--model", model, *tags, "--output", tmp_path / "out")
    command = (*command, "--seeds", 1, "--keep-models")
    assert run_cli(*command)[0] == 0
    saved = tmp_path / "out/tiny/seed-0/model"
    assert json.loads((saved / "config.json").read_text())["id2label"]["0"] == "DET"
    no_training()
    (tmp_path / "out/tiny/seed-0/tags.de.json").unlink()
    before = (tmp_path / "out/tiny/seed-0/tags.de.predictions.tsv").read_text()
    write_text("test-fi.tsv", tagged_text(3))
    assert run_cli(*command, "--resume")[0] == 0
    assert (tmp_path / "out/tiny/seed-0/tags.de.predictions.tsv").read_text() == before
    rows = json.loads((tmp_path / "out/scores.json").read_text())["rows"]
    assert [row["language"] for row in rows] == ["de", "en", "fi"]


def test_interrupted_between_tests_goes_on_without_fine_tuning(
    model, tags, run_cli, no_training, tmp_path, monkeypatch
):
    command = ("eval", "tagging", "--model", model, *tags, "--output", tmp_path / "out")
    from eval.tagging.stage import TokenizedTagging

    real = TokenizedTagging.examine

    def stop_at_english(self, reader, gold, label=""):
        if gold.about.label == "en":
            raise KeyboardInterrupt
        return real(self, reader, gold, label)

    monkeypatch.setattr(TokenizedTagging, "examine", stop_at_english)
    code, _, err = run_cli(*command, "--seeds", 1)
    assert code == 130
    assert "finished parts are kept in" in err.splitlines()[-1]
    monkeypatch.setattr(TokenizedTagging, "examine", real)
    no_training()
    assert run_cli(*command, "--seeds", 1, "--resume")[0] == 0
    assert not (tmp_path / "out/tiny/seed-0/model").exists()


def test_changed_settings_and_changed_test_data(model, tags, run_cli, refuses, tmp_path):
    command = ("eval", "tagging", "--model", model, *tags, "--output", tmp_path / "out")
    command = (*command, "--seeds", 1)
    assert run_cli(*command)[0] == 0
    refuses("epochs was 6 and is 1", *command, "--epochs", 1)
    path = tmp_path / "out/tiny/seed-0/tags.en.json"
    before = json.loads(path.read_text())
    (tmp_path / "test-en.tsv").write_text("cat\tDET\n")
    refuses("an earlier run is there; resume it with --resume, or discard it", *command)
    assert run_cli(*command, "--resume")[0] == 0
    after = json.loads(path.read_text())
    assert after["gold"] != before["gold"]
    assert after["scores"]["accuracy"] == 0.0


def test_another_training_language_is_another_run(model, run_cli, refuses, write_text, tmp_path):
    content = json.loads(squad_text(6))
    for number, paragraph in enumerate(content["data"][0]["paragraphs"]):
        paragraph["qas"][0]["id"] = f"{('english', 'finnish')[number % 2]}-{number}-1"
    path = write_text("tydiqa-goldp-v1.1-dev.json", json.dumps(content))
    command = (
        "eval", "qa", "--model", model, "--train", path, "--test", path, *FAST, "--epochs", 1,
        "--max-pieces", 40, "--seeds", 1, "--output", tmp_path / "out",
    )  # fmt: skip
    assert run_cli(*command)[0] == 0
    refuses("train_language was en and is fi", *command, "--train-language", "fi")


def test_two_models_side_by_side(model, tags, run_cli, tmp_path):
    other = save_model(tmp_path / "other", "xlm-roberta")
    code, out, _ = run_cli(
        "eval", "tagging", "--model", model, other, *tags, "--seeds", 1, "--languages", "de"
    )
    assert code == 0
    assert out.splitlines()[0].split() == [
        "tags", "tiny", "accuracy", "tiny", "F1", "other", "accuracy", "other", "F1",
    ]  # fmt: skip
    assert len(out.splitlines()) == 2  # one language needs no average


def test_same_seed_same_predictions(model, questions, run_cli, tmp_path):
    texts = []
    for name in ("a", "b"):
        command = ("eval", "qa", "--model", model, *questions, "--seeds", 1, "--max-train", 9)
        assert run_cli(*command, "--output", tmp_path / name, "--keep-models")[0] == 0
        texts.append((tmp_path / name / "tiny/seed-0/model/model.safetensors").read_bytes())
    assert texts[0] == texts[1]


def test_dev_data_choose_the_epoch(model, tags, run_cli, write_text):
    dev = write_text("dev.tsv", tagged_text(6))
    code, _, err = run_cli("eval", "tagging", "--model", model, *tags, "--dev", dev, "--seeds", 1)
    assert code == 0
    assert err.count("development score") == 6


def test_entities_are_scored_as_entities(model, run_cli, write_text, tmp_path):
    text = "the\tO\ncat\tB-PER\ndog\tI-PER\n\nran\tO\n"
    train, test = write_text("train.tsv", text * 8), write_text("test-de.tsv", text)
    code, _, err = run_cli(
        "eval", "tagging", "--model", model, "--train", train, "--test", test, *FAST,
        "--epochs", 10, "--seeds", 1, "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    (row,) = json.loads((tmp_path / "out/scores.json").read_text())["rows"]
    assert row["set"] == "entities"
    assert row["f1"]["mean"] == 1.0
    assert "accuracy" not in row


def test_real_sets_run_through(model, run_cli, tmp_path, questions):
    code, _, err = run_cli(
        "eval", "qa", "--model", model, "--train", questions[1], "--test", DATA / "xquad.*.json",
        *FAST, "--epochs", 1, "--max-pieces", 40, "--max-question", 8, "--stride", 10,
        "--seeds", 1, "--json", tmp_path / "s.json",
    )  # fmt: skip
    assert code == 0, err
    rows = json.loads((tmp_path / "s.json").read_text())["rows"]
    assert [(row["language"], row["questions"]) for row in rows] == [
        ("de", 3),
        ("en", 3),
        ("zh", 3),
    ]


def test_tydiqas_own_file_holds_all_languages(model, questions, run_cli, write_text, tmp_path):
    content = json.loads(squad_text(6))
    names = ("english", "finnish", "swahili")
    for number, paragraph in enumerate(content["data"][0]["paragraphs"]):
        paragraph["qas"][0]["id"] = f"{names[number % 3]}-{number}-1"
    path = write_text("tydiqa-goldp-v1.1-dev.json", json.dumps(content))
    code, _, err = run_cli(
        "eval", "qa", "--model", model, "--train", path, "--test", path, *FAST, "--epochs", 1,
        "--max-pieces", 40, "--seeds", 1, "--json", tmp_path / "s.json",
    )  # fmt: skip
    assert code == 0, err
    assert "fine-tuning: 2/2 inputs" in err  # English alone is learned from
    rows = json.loads((tmp_path / "s.json").read_text())["rows"]
    assert [(row["language"], row["questions"]) for row in rows] == [
        ("en", 2),
        ("fi", 2),
        ("sw", 2),
    ]


def test_mlqa_files_get_mlqas_metric(model, questions, run_cli, write_text, refuses):
    write_text("test-context-de-question-es.json", squad_text(2))
    command = ("eval", "qa", "--model", model, *questions[:2], *FAST, "--epochs", 1, "--seeds", 1)
    command = (*command, "--max-pieces", 40)
    test = questions[1].parent / "test-context-*.json"
    code, out, _ = run_cli(*command, "--test", test)
    assert code == 0
    assert "de(es)" in out
    refuses("has no rules for language sw", *command, "--test", questions[3], "--metric", "mlqa")


def test_short_course_and_short_model_are_said(model, questions, run_cli):
    arguments = [*questions[:4], "--epochs", 1, "--seeds", 1, "--device", "cpu"]
    code, _, err = run_cli("eval", "qa", "--model", model, *arguments)
    assert code == 0
    assert "tiny reads 40 pieces at most; --max-pieces 384 is cut" in err
    assert "--warmup 500: this course has 1 updates only" in err


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"--train": "none.tsv"}, r"none\.tsv: No such file"),
        ({"--test": "none-*.tsv"}, "no file of this pattern"),
        ({"--model": "./none"}, r"\./none: no such model folder"),
        ({"--languages": "sw"}, "--languages sw: no test data .* there are: de, en"),
        ({"--metric": "entities"}, "mark no entities"),
        ({"--seeds": "0"}, "--seeds must be at least 1"),
        ({"--learning-rate": "0"}, "--learning-rate must be above 0"),
        ({"--keep-models": None}, "--keep-models needs --output"),
        ({"--resume": None}, "--resume needs the --output"),
        ({"--max-pieces": "3"}, "--max-pieces must be at least 8"),
        ({"--learning-rate": "1e30"}, "--learning-rate must be at most 1"),
    ],
    ids=str,
)
def test_mistakes_are_one_line(model, tags, run_cli, change, pattern):
    flags = {"--model": model, **dict(zip(tags[::2], tags[1::2], strict=True)), "--seeds": 1}
    flags |= change
    arguments = [part for pair in flags.items() for part in pair if part is not None]
    code, out, err = run_cli("eval", "tagging", *arguments)
    last = err.splitlines()[-1]
    assert code == 2
    assert out == ""
    assert last.startswith("error: ")
    assert re.search(pattern, last), last
    assert "Traceback" not in err


def test_tags_that_training_lacks(model, tags, refuses, run_cli, tmp_path):
    (tmp_path / "test-fi.tsv").write_text("cat\tNOUN\ndog\tMYSTERY\n")
    command = ("eval", "tagging", "--model", model, *tags, "--seeds", 1)
    refuses(r"test-fi\.tsv: tags MYSTERY are not among those of .*--on-unseen count", *command)
    code, _, _ = run_cli(*command, "--on-unseen", "count", "--json", tmp_path / "s.json")
    assert code == 0
    row = json.loads((tmp_path / "s.json").read_text())["rows"][2]
    assert (row["unseen"], row["accuracy"]["mean"]) == (1, 0.5)


def test_broken_model_folders(tags, refuses, run_cli, model, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    (bare / "tokenizer.json").unlink()
    refuses("no tokenizer in this folder", "eval", "tagging", "--model", bare, *tags)
    other = save_model(tmp_path / "other", "roberta")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(other / name, bare / name)
    code, _, err = run_cli("eval", "tagging", "--model", bare, *tags)
    assert (code, err.splitlines()[-1].partition("(")[0]) == (
        2,
        f"error: {bare}: its tokenizer has ids up to 263, its model only 78 embeddings; they do "
        "not belong together",
    )
    (bare / "model.safetensors").write_bytes(b"torn")
    code, _, err = run_cli("eval", "tagging", "--model", bare, *tags)
    assert code == 2
    assert "its weights have 4 bytes" in err.splitlines()[-1]


def test_no_part_of_an_encoder_begins_at_random(tags, run_cli, model, tmp_path):
    short = Path(shutil.copytree(model, tmp_path / "short"))
    config = (short / "config.json").read_text()
    config = config.replace('"num_hidden_layers": 4', '"num_hidden_layers": 6')
    (short / "config.json").write_text(config)
    code, _, err = run_cli("eval", "tagging", "--model", short, *tags)
    assert code == 2
    assert "its weights do not fit its config: 32 parts of the encoder" in err.splitlines()[-1]


def test_slow_tokenizer_is_one_line(model, tags, refuses, monkeypatch):
    import transformers

    class Slow:
        is_fast = False

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *_, **__: Slow())
    refuses("no fast tokenizer .*tokenizer.json", "eval", "tagging", "--model", model, *tags)


def test_full_disk_is_one_line(model, tags, run_cli, tmp_path, monkeypatch):
    import transformers
    from safetensors import SafetensorError

    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(transformers.PreTrainedModel, "save_pretrained", full)
    command = ("eval", "tagging", "--model", model, *tags, "--output", tmp_path / "out")
    code, _, err = run_cli(*command)
    assert code == 2
    assert "No space left on device (os error 28); nothing was written" in err.splitlines()[-1]
    assert list((tmp_path / "out").rglob("*.tmp")) == []


def test_language_modules_stay_and_the_tests_language_is_spoken(
    tags, run_cli, tmp_path, monkeypatch
):
    from eval.downstream.pretrained import Reader
    from tests.teachers import save_teacher

    spoken = []
    real = Reader.speak

    def speak(self, language, flag="--languages"):
        real(self, language, flag)
        spoken.append(self.model.config.default_language)

    monkeypatch.setattr(Reader, "speak", speak)
    folder = save_teacher(tmp_path / "xmod", "xmod")
    command = ("eval", "tagging", "--model", folder, *tags, "--seeds", 1, "--keep-models")
    assert run_cli(*command, "--output", tmp_path / "out")[0] == 0
    # each test set before anything is learned, then the training text, then the tests
    assert spoken == ["de_DE", "en_XX", "en_XX", "de_DE", "en_XX"]
    from safetensors.torch import load_file

    before = load_file(folder / "model.safetensors")
    after = load_file(tmp_path / "out/xmod/seed-0/model/model.safetensors")
    shared = [name for name in before if "roberta." + name in after]  # all but the pooler
    changed = {name for name in shared if not before[name].equal(after["roberta." + name])}
    assert changed
    assert not any("adapter" in name or "embeddings" in name for name in changed)


def test_a_language_without_a_module_is_an_error_before_anything_is_learned(
    tags, run_cli, write_text, tmp_path, no_training
):
    from tests.teachers import save_teacher

    no_training()
    write_text("test-fr.tsv", tagged_text(5))
    folder = save_teacher(tmp_path / "xmod", "xmod")
    command = ("eval", "tagging", "--model", folder, *tags, "--seeds", 1)
    code, _, err = run_cli(*command, "--output", tmp_path / "out")
    assert code == 2
    wanted = "has no module for language 'fr'; --languages may be one of: en_XX, de_DE"
    assert wanted in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
