"""The workbench file: what is understood, and what is refused, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from x2static.core.errors import ConfigError
from x2static.run.plan.graph import build_graph
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.workbench import Workbench, read_workbench

GOOD = """
output = "run"
teacher = "teacher"
hub = "en"
lexicons = "lexicons/{}-en.txt"

[languages]
de = "text/de.txt"
en = { corpus = "text/en.txt", tokenizer = "whitespace" }

[evaluate]
bli = "lexicons/{}-en.test.txt"

[prepare]
min_sentences = 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with spaces and letters of its own, and the files that GOOD names."""
    place = tmp_path / "Ordner für alle"
    for name in ("text/de.txt", "text/en.txt", "lexicons/de-en.txt", "lexicons/de-en.test.txt"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("der the\n")
    (place / "teacher").mkdir()
    (place / "teacher" / "config.json").write_text("{}")
    return place


@pytest.fixture
def read(folder: Path) -> Callable[[str], tuple[Workbench | None, list[str]]]:
    def read(text: str) -> tuple[Workbench | None, list[str]]:
        file = folder / "workbench.toml"
        file.write_text(text, encoding="utf-8")
        problems = Problems(file)
        bench = read_workbench(file, problems)
        if bench is not None:
            build_graph(bench, problems)
        return bench, problems.lines

    return read


def test_paths_are_relative_to_the_file(read, folder):
    bench, lines = read(GOOD)
    assert lines == []
    assert bench.output == folder / "run"
    assert bench.teacher == str(folder / "teacher")
    assert bench.languages["de"].corpus == str(folder / "text/de.txt")
    assert bench.languages["de"].lexicon == folder / "lexicons/de-en.txt"


def test_the_hub_comes_first_and_needs_no_lexicon(read):
    bench, _ = read(GOOD)
    assert list(bench.languages) == ["en", "de"]
    assert bench.languages["en"].lexicon is None
    assert bench.languages["en"].tests["bli"] == ()


def test_tasks_wait_for_what_they_read(read, folder):
    bench, _ = read(GOOD + "\n[pretrain]\nsteps = 1\n")
    tasks = build_graph(bench, Problems(folder))
    assert tasks["de/distill"].waits_for == ("de/prepare",)
    assert tasks["de/align"].waits_for == ("de/distill", "en/distill")
    assert tasks["en/align"].waits_for == ("en/distill",)
    assert tasks["*/pretrain"].waits_for == ("en/align", "de/align")
    assert tasks["en/prepare"].config.tokenizer == "whitespace"
    assert tasks["de/prepare"].config.tokenizer == "auto"
    names = list(tasks)
    assert all(names.index(need) < names.index(n) for n, t in tasks.items() for need in t.waits_for)


def test_a_language_may_stay_unaligned(read, folder):
    text = GOOD.replace('de = "text/de.txt"', 'de = { corpus = "text/de.txt", align = false }')
    bench, lines = read(text.replace('lexicons = "lexicons/{}-en.txt"', ""))
    assert lines == []
    assert build_graph(bench, Problems(folder))["de/align"].table == "export"


def test_dictionaries_in_the_box_need_no_file(read, folder):
    bench, lines = read(GOOD.replace("lexicons/{}-en.txt", "cldr:{}-en"))
    assert lines == []
    task = build_graph(bench, Problems(folder))["de/align"]
    assert task.config.lexicons == "cldr:de-en"
    assert task.inputs == ("vectors/de", "vectors/en")
    _, lines = read(GOOD.replace("lexicons/{}-en.txt", "cldr:{}-qq"))
    assert "no words of 'qq' among its 101 languages" in "\n".join(lines)


def test_a_language_may_be_added_to_the_teacher_first(read, folder):
    text = GOOD.replace('de = "text/de.txt"', 'de = { corpus = "text/de.txt", extend = true }')
    bench, lines = read(text + "\n[extend]\nvocabulary = 500\n")
    assert lines == []
    tasks = build_graph(bench, Problems(folder))
    assert tasks["de/extend"].waits_for == ("de/prepare",)
    assert tasks["de/extend"].config.vocabulary == 500
    assert tasks["de/distill"].waits_for == ("de/extend",)
    assert tasks["de/distill"].config.teacher == "extended/de"
    assert "extended/de" in tasks["de/distill"].inputs
    assert tasks["en/distill"].config.teacher == str(folder / "teacher")
    assert "en/extend" not in tasks
    own = text.replace("extend = true", "extend = { init = 'random' }")
    bench, lines = read(own)
    assert build_graph(bench, Problems(folder))["de/extend"].config.init == "random"
    _, lines = read(text + "\n[extend]\nmodel = 'x'\n")
    assert "'model' is set by the run" in lines[0]


def test_a_list_of_codes_and_one_pattern_are_enough(read):
    head = GOOD.partition("[languages]")[0]
    bench, lines = read(f'languages = ["en", "de"]\ncorpora = "text/{{}}.txt"\n{head}')
    assert lines == []
    assert bench.languages["de"].corpus.endswith("text/de.txt")


def test_every_problem_is_told_at_once(read):
    _, lines = read(
        """
        output = "run"
        teacher = "./nowhere/teacher"
        hub = "fr"
        lexikons = "x"
        [languages]
        de = "text/de.txt"
        de = "text/dd.txt"
        deu = "text/de.txt"
        xx = "text/missing.txt"
        [evaluate]
        bli = "nothing/{}.txt"
        [prepare]
        min_sentence = 1
        output = "x"
        [distill]
        epochs = "three"
        [needs.distil]
        cpus = 1
        """
    )
    found = "\n".join(lines)
    for expected in (
        "line 8: 'de' is listed twice",
        "unknown 'lexikons'; did you mean 'lexicons'?",
        "teacher: no folder",
        "[prepare]: unknown setting 'min_sentence'; did you mean 'min_sentences'?",
        "[prepare]: 'output' is set by the run",
        "[distill]: epochs must be int, got 'three'",
        "languages: --language: use the code 'de' for 'deu'",
        "languages: --language: unknown code 'xx'",
        "hub: 'fr' is not under [languages]",
        "languages.xx: corpus",
        "[needs]: unknown stage 'distil'; did you mean 'distill'?",
        "[evaluate]: bli nothing/{}.txt: no language has such a file",
        "languages.de: no lexicon",
    ):
        assert expected in found, expected


def test_a_table_given_twice_is_one_problem_among_others(read):
    _, lines = read(GOOD + "\n[prepare]\nmin_tokens = 2\n\n[distill]\nepoch = 1\n")
    assert any("[prepare] is listed twice" in line for line in lines)
    assert any("unknown setting 'epoch'" in line for line in lines)


def test_impossible_settings_are_found_before_any_work(read):
    _, lines = read(GOOD + "\n[distill]\nepochs = 3\n")
    assert len(lines) == 1
    assert lines[0].startswith("[distill]: epochs 3: the closed form reads the corpus once")
    _, lines = read(GOOD.replace('"whitespace" }', '"whitespace", distill = { epochs = 3 } }'))
    assert lines[0].startswith("[distill] (en): epochs 3")


@pytest.mark.parametrize(
    ("table", "setting", "name", "made"),
    [
        ("align", 'validation = "lexicons/{}-en.valid.txt"', "de/align", "de-en.valid.txt"),
        ("pretrain", 'validation_pairs = ["lexicons/tatoeba.tsv"]', "*/pretrain", "tatoeba.tsv"),
    ],
)
def test_files_in_settings_are_inputs_of_the_run(read, folder, table, setting, name, made):
    key = setting.partition(" ")[0]
    asked = f"{GOOD}\n[{table}]\n{setting}\n"
    place = folder / "lexicons" / made
    _, lines = read(asked)
    which = "" if table == "pretrain" else " (de)"
    assert lines == [f"[{table}]{which}: {key} {place}: no such file"]
    place.write_text("der the\n")
    bench, lines = read(asked)
    assert lines == []
    task = build_graph(bench, Problems(folder))[name]
    assert getattr(task.config, key) in (place, (place,))
    assert str(place) in task.inputs


def test_a_cache_need_not_be_there_but_lies_beside_the_file(read, folder):
    bench, lines = read(GOOD + '\n[distill]\ncache_folder = "cache/{}"\n')
    assert lines == []
    task = build_graph(bench, Problems(folder))["de/distill"]
    assert task.config.cache_folder == folder / "cache/de"
    assert str(folder / "cache/de") not in task.inputs


def test_empty_and_missing_files_are_named(read, folder):
    (folder / "text/de.txt").write_text("")
    (folder / "lexicons/de-en.txt").unlink()
    _, lines = read(GOOD)
    assert lines == [
        f"languages.de: corpus {folder}/text/de.txt is empty",
        f"languages.de: lexicon {folder}/lexicons/de-en.txt: no such file",
    ]


def test_a_test_set_that_some_languages_lack_is_left_out_for_these(read, folder):
    (folder / "text/fr.txt").write_text("x\n")
    (folder / "lexicons/fr-en.txt").write_text("le the\n")
    bench, lines = read(GOOD.replace("[languages]", '[languages]\nfr = "text/fr.txt"'))
    assert lines == []
    assert build_graph(bench, Problems(folder))["fr/bli.after"].skipped == "no dictionary"


def test_one_problem_is_one_line_and_several_are_a_list(capsys):
    problems = Problems(Path("w.toml"))
    problems.check()
    problems.add("hub", "is gone")
    with pytest.raises(ConfigError, match=r"^w.toml: hub: is gone$"):
        problems.check()
    problems.add("", "twice")
    problems.add("", "twice")
    with pytest.raises(ConfigError, match="the 2 problems above"):
        problems.check()
    assert capsys.readouterr().err == "w.toml: hub: is gone\nw.toml: twice\n"


def test_what_is_no_toml_is_refused_with_its_place(read):
    with pytest.raises(ConfigError, match=r"not readable as TOML: .*line 1"):
        read("output = \n")


@pytest.mark.parametrize(("name", "languages"), [("example", 2), ("paper40", 40)])
def test_the_files_in_scripts_lack_nothing_but_data(name, languages, tmp_path):
    source = Path(__file__).resolve().parents[2] / f"scripts/workbench.{name}.toml"
    file = tmp_path / "workbench.toml"
    file.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    problems = Problems(file)
    bench = read_workbench(file, problems)
    assert len(bench.languages) == languages
    tasks = build_graph(bench, problems)
    assert all(task.skipped or task.config is not None for task in tasks.values())
    data = ("no such file", "no language has such a file")
    assert [line for line in problems.lines if not line.endswith(data)] == []


def test_the_paper_s_file_has_the_paper_s_tools(tmp_path):
    from x2static.prepare.languages import PAPER_LANGUAGES, tokenizer_for

    file = Path(__file__).resolve().parents[2] / "scripts/workbench.paper40.toml"
    bench = read_workbench(file, Problems(file))
    assert sorted(bench.languages) == list(PAPER_LANGUAGES)
    for code, language in bench.languages.items():
        assert language.tables["prepare"]["tokenizer"] == tokenizer_for(code)
    kept = {code for code, language in bench.languages.items() if not language.is_aligned}
    assert kept == {"ko", "th", "tl", "vi"}


def test_only_the_store_takes_an_address(read):
    bench, lines = read(f'store = "s3://bucket/run"\n{GOOD}')
    assert (bench.store, lines) == ("s3://bucket/run", [])
    text = GOOD.replace("text/de.txt", "s3://b/de.txt").replace("lexicons/{}-en.txt", "s3://b/{}")
    text = text.replace("lexicons/{}-en.test.txt", "gs://b/x").replace('"run"', '"s3://b/run"')
    rest = "give a path that every machine sees; only 'store' takes an address"
    assert sorted(read(f'store = "bucket"\n{text}')[1]) == [
        f"[evaluate]: bli gs://b/x: {rest}",
        f"languages.de: corpus s3://b/de.txt: {rest}",
        f"languages.de: lexicon s3://b/{{}}: {rest}",
        f"output: s3://b/run: {rest}",
        "store: bucket: give an address, such as s3://BUCKET/RUN",
    ]
    _, lines = read(f'store = "memory://run"\n{GOOD}')
    assert lines == ["store: memory://run: no other process sees what lies in memory"]


def test_layers_that_the_teacher_lacks_are_found_before_any_work(read, folder):
    (folder / "teacher" / "config.json").write_text('{"num_hidden_layers": 4}')
    pair = '[evaluate]\nretrieval = ["text/de.txt", "text/en.txt"]'
    asked = GOOD.replace("[evaluate]", pair) + "\n[distill]\nlayer = -6\n"
    deep = read(asked + "[eval_retrieval]\nlayer = 7\n")[1]
    rest = "has 4 layers; choose 0 (embeddings) to 4, or -1 (the last) to -5"
    assert [line.partition(":")[0] for line in deep] == ["[distill]", "[eval_retrieval]"]
    assert "layer = -6" in deep[0]
    assert "layer = 7:" in deep[1]
    assert all(line.endswith(rest) for line in deep)
    assert read(asked.replace("-6", "-5") + "[eval_retrieval]\nlayer = 4\n")[1] == []
    assert read(asked.replace("-6", "-5"))[1] == []  # by default retrieval suits the model
