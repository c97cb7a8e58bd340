"""`x2static report`: true numbers, harmless words, the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser import browser_page, find_browser
from tests.report.page_reader import Reader, held_data
from x2static.core.storage.files import staged
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

Cli = Callable[..., tuple[int, str, str]]
HOSTILE = [
    "<script>window.hurt=1</script>", "</script><script>window.hurt=1</script>", "\"'`quoted'\"",
    "<img/src=x/onerror=window.hurt=1>", "a\u2028b", "a\u2029b", "שלום", "\u202eevil", "&lt;b&gt;",
    "]]>", "<!--", "{{x}}", "\\u003c", "مرحبا",
]  # fmt: skip
SMALL = ("--map-words", "30")
TAGS = set(
    "html head meta title style body script header main nav section h1 h2 h3 p a span div ul li em "  # noqa: SIM905
    "strong code bdi table caption thead tbody tr th td figure figcaption details summary label "
    "input br svg rect path circle line text use".split()
)


@pytest.fixture
def hostile_folder(run_folder: Path) -> Path:
    """The same run, with words from the worst of the web."""
    for space in ("vectors", "aligned"):
        place = run_folder / space / "de"
        vectors = read_vectors(place)
        words = [*HOSTILE, *list(vectors.words)[len(HOSTILE) :]]
        write_vectors(
            WordVectors(words, np.array(vectors.matrix)),
            place,
            "safetensors",
            stage=partial(staged, own=True),
        )
    shutil.copytree(run_folder / "vectors/ru", run_folder / "vectors/<b onclick=x>")
    plan = json.loads((run_folder / "plan.json").read_text())
    plan["tasks"][1]["error"] = HOSTILE[0] + "\x00\udc80"
    plan["teacher"] = HOSTILE[3]
    (run_folder / "plan.json").write_text(json.dumps(plan))
    return run_folder


def test_scores_are_shown_as_they_were_measured(run_folder: Path, run_cli: Cli) -> None:
    code, out, _ = run_cli("report", run_folder, *SMALL)
    assert code == 0
    assert "1 failure, 0 warnings" in out
    rows = Reader((run_folder / "report.html").read_text("utf-8")).rows
    # to the hub: P@1 before 12.5, after 50.0 (de) and 25.0 (ru), their means 12.5 and 37.5
    half = "50.0 [47.5, 52.5]"  # Wilson's interval of 1,500 queries; strict: of 2,000
    german = [
        "German de", "", "12.5 [10.9, 14.3]", half, "+37.5", half, half, "50.0",
        "25.0 [23.2, 26.9]", "75", "1,500",
    ]  # fmt: skip
    assert german in rows
    assert ["mean", "", "12.5", "37.5", "+25.0", *[""] * 6] in rows
    # from the hub: a quarter of it
    assert ["German de", "", "3.1 [2.4, 4.1]", "12.5 [10.9, 14.3]", "+9.4"] in [
        row[:5] for row in rows
    ]
    assert ["German de", "icu", "4,321", "98,765", "7"] in rows


def test_neighbours_before_and_after_are_those_of_an_obvious_search(
    run_folder: Path, run_cli: Cli
) -> None:
    assert run_cli("report", run_folder, *SMALL, "--words", "bzword", "--top", 2)[0] == 0
    rows = Reader((run_folder / "report.html").read_text("utf-8")).rows
    query = read_vectors(run_folder / "aligned/en")["bzword"]
    shown = []
    for space in ("vectors", "aligned"):
        target = read_vectors(run_folder / space / "de")
        cosines = target.matrix @ query
        cosines /= np.linalg.norm(target.matrix, axis=1) * np.linalg.norm(query)
        best = np.argsort(-cosines)[:2]
        shown.append(" ".join(f"{target.words[row]} {cosines[row]:.2f}" for row in best))
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    assert ["German de", *shown] in cells
    assert shown[1].startswith("bzwort ")


def test_a_hostile_vocabulary_is_harmless(hostile_folder: Path, run_cli: Cli) -> None:
    arguments = ("--map-words", 90, "--map-languages", "de", "ru", "en")
    assert run_cli("report", hostile_folder, *arguments)[0] == 0
    page = (hostile_folder / "report.html").read_text("utf-8")
    found = Reader(page)
    assert set(found.tags) <= TAGS
    assert found.tags.count("script") == 2
    assert not [name for name in found.attributes if name.startswith("on") or name == "style"]
    assert all(address.startswith("#") for address in found.addresses)
    near = set(held_data(page)["spellings"])
    assert near & set(HOSTILE), "the hostile words are on the page at all"
    assert "<b onclick=x>" in "".join(found.text)
    assert HOSTILE[0] in "".join(found.text)


def test_the_same_folder_gives_the_same_bytes(
    run_folder: Path, run_cli: Cli, python: str, tmp_path: Path
) -> None:
    assert run_cli("report", run_folder, *SMALL, "--output", tmp_path / "one.html")[0] == 0
    variables = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}
    code = [
        python,
        "-m",
        "x2static",
        "report",
        run_folder,
        *SMALL,
        "--output",
        tmp_path / "two.html",
    ]
    subprocess.run(code, check=True, env=variables, capture_output=True)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_what_went_wrong_and_what_is_doubtful_comes_first(run_folder: Path, run_cli: Cli) -> None:
    worse = json.loads((run_folder / "scores/bli.after/ru.json").read_text())
    worse["rows"][0] |= {"p@1": 0.01, "coverage": 0.2}
    (run_folder / "scores/bli.after/ru.json").write_text(json.dumps(worse))
    (run_folder / "scores/bli.after/de.json").write_text("{cut off")
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    text = "".join(Reader((run_folder / "report.html").read_text("utf-8")).text)
    assert "ca/prepare failed: ca.txt:3: bad UTF-8" in text
    assert "scores/bli.after/de.json: not readable" in text
    assert "ru dictionary to the hub: 20 % covered" in text
    assert "P@1 fell from 12.5 to 1.0" in text


def test_training_and_tasks_are_drawn(run_folder: Path, run_cli: Cli) -> None:
    lines = [
        {"step": 0, "validation": {"mlm": 5.0}},
        {"step": 10, "mlm": 4.5},
        {"step": 20, "mlm": 4.0, "alignment": float("nan")},
        {"step": 20, "validation": {"mlm": 4.25}},
    ]
    (run_folder / "model").mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 3'
    (run_folder / "model/curve.jsonl").write_text(text)
    spread = {"mean": 0.5, "sd": 0.02, "values": [0.48, 0.52]}
    row = {"model": "base", "set": "xquad", "language": "de", "f1": spread}
    (run_folder / "scores/qa").mkdir()
    (run_folder / "scores/qa/xquad.json").write_text(json.dumps({"rows": [row]}))
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    found = Reader((run_folder / "report.html").read_text("utf-8"))
    assert ["20", "4", "4.25"] in found.rows
    assert ["German de", "xquad", "", "50.0 ±2.0"] in found.rows
    assert "training, update 10: 4.5" in "".join(found.text)


def test_an_objective_of_any_name_is_drawn(run_folder: Path, run_cli: Cli) -> None:
    lines = [
        {"step": 1, "mlm": 4.5, "replaced": 0.9, "above_chance": 0.1},
        {"step": 2, "mlm": 4.0, "replaced": 0.7, "above_chance": 0.2},
        {"step": 2, "validation": {"mlm": 4.1, "replaced": 0.8, "above_chance": 0.1}},
    ]
    (run_folder / "model").mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run_folder / "model/curve.jsonl").write_text(text)
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    found = Reader((run_folder / "report.html").read_text("utf-8"))
    assert ["2", "0.7", "0.8"] in found.rows
    assert "replaced, loss" in "".join(found.text)
    assert "above_chance, loss" not in "".join(found.text)


def test_a_folder_with_scores_alone_is_enough(run_folder: Path, run_cli: Cli) -> None:
    for name in ("vectors", "aligned", "sentences"):
        shutil.rmtree(run_folder / name)
    code, out, _ = run_cli("report", run_folder, *SMALL)
    assert code == 0
    assert "not in the folder" in out
    assert "map" in out.splitlines()[1]


def test_mistakes_are_one_line(
    run_folder: Path, refuses: Callable[..., None], tmp_path: Path, write_text: Any
) -> None:
    (tmp_path / "empty").mkdir()
    refuses("no such folder", "report", tmp_path / "nowhere")
    refuses("no run here", "report", tmp_path / "empty")
    refuses("'zzz' is not among", "report", run_folder, "--words", "zzz")
    refuses(
        "no vectors of 'xx'; there are: en, de, ru", "report", run_folder, "--map-languages", "xx"
    )
    mine = write_text("mine.html", "<p>mine")
    refuses(
        r"mine\.html exists already; .* pass --overwrite",
        "report",
        run_folder,
        *SMALL,
        "--output",
        mine,
    )
    assert mine.read_text() == "<p>mine"


def test_an_old_page_is_replaced(run_folder: Path, run_cli: Cli) -> None:
    assert run_cli("report", run_folder, *SMALL)[0] == 0
    assert run_cli("report", run_folder, *SMALL, "--num-words", 3)[0] == 0


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the path, none of playwright's")
def test_in_a_browser_points_tell_their_word_and_nothing_hostile_runs(
    hostile_folder: Path, run_cli: Cli, tmp_path: Path
) -> None:
    arguments = ("--map-words", 90, "--map-languages", "de", "ru", "en")
    assert run_cli("report", hostile_folder, *arguments)[0] == 0
    program = find_browser()
    assert program is not None
    with browser_page(program, tmp_path / "profile") as page:
        page.open((hostile_folder / "report.html").as_uri())
        page.run(
            "document.querySelectorAll('svg.map .point')[5].scrollIntoView("
            "{block: 'center', behavior: 'instant'})"
        )
        box = page.run(
            "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
            "(document.querySelectorAll('svg.map .point')[5].getBoundingClientRect())"
        )
        page.wait("!document.getElementById('tip').hidden", lambda: page.move(*box))
        shown = page.run("document.querySelector('#tip b').textContent")
        assert shown in held_data((hostile_folder / "report.html").read_text("utf-8"))["words"]
        assert page.run("document.querySelectorAll('#tip div').length") == 3
        page.run("document.querySelectorAll('svg.map')[1].focus()")
        page.key("ArrowRight")
        page.wait("document.querySelectorAll('.hit').length === 2")
        page.key("Escape")
        assert page.run("document.getElementById('tip').hidden")
        page.run("document.querySelector('[data-language]').click()")
        assert page.run("document.querySelectorAll('svg.map .point.off').length") > 0
        assert page.run("window.hurt") is None
        assert page.run("document.querySelectorAll('img, iframe, object').length") == 0
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert page.complaints == []
        assert all(url.startswith("file:") for url in page.requests)
