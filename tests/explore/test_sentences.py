"""Sentences found by sentences of other languages; words that were composed are marked."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.browser import browser_page, find_browser
from x2static.core.compose.learn import learn_composer
from x2static.core.errors import ConfigError, WorkbenchError
from x2static.core.formats.many_languages import sentence_rows
from x2static.core.normalize import unit
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors
from x2static.explore.explorer import Explorer
from x2static.explore.indexes import Indexes
from x2static.explore.sentences.search import Encoder, SentenceSearch
from x2static.explore.server import Server
from x2static.explore.spaces import find_spaces


@pytest.fixture
def texts(tmp_path, rng):
    """Line i of one text says what line i of the other says."""
    files = {}
    rows = rng.integers(20, 400, (30, 6))
    for language in ("de", "en"):
        lines = [" ".join(f"{language}{row}" for row in line).capitalize() + "!" for line in rows]
        files[language] = tmp_path / f"{language}.txt"
        files[language].write_text("\n".join(lines) + "\n")
    return files


@pytest.fixture
def search(folder, texts):
    return SentenceSearch(texts, lambda name: read_vectors(folder / "aligned" / name))


def test_a_sentence_finds_its_translation(search, texts):
    german = texts["de"].read_text().splitlines()
    for number in (0, 13, 29):
        found = search.look_up("de", german[number], 3)
        assert found["en"][0].line == number + 1
        assert found["de"][0].text == german[number]
        assert found["de"][0].cosine == pytest.approx(1, abs=1e-5)
        assert len(found["en"]) == 3


def test_a_sentence_is_the_mean_of_its_weighed_words(rng):
    words = ["das", "Haus", "大きい", "大", "家"]
    vectors = WordVectors(words, rng.standard_normal((5, 8)).astype(np.float32))
    rows = sentence_rows(vectors)
    found = Encoder(vectors).encode(["Das haus.", "大きい家大?", "nichts"])
    np.testing.assert_allclose(found[0], unit(rows[[0, 1]].mean(axis=0)[None])[0], atol=1e-5)
    np.testing.assert_allclose(found[1], unit(rows[[2, 4, 3]].mean(axis=0)[None])[0], atol=1e-5)
    assert not found[2].any()


def test_what_cannot_be_found_is_said(search, tmp_path, folder):
    with pytest.raises(WorkbenchError, match="no word of the sentence has a vector in 'de'"):
        search.look_up("de", "nichts davon", 3)
    with pytest.raises(ConfigError, match=r"--texts: .*gone.txt: no such file"):
        SentenceSearch({"de": tmp_path / "gone.txt"}, lambda name: read_vectors(folder))


@pytest.fixture
def server(folder, search, tmp_path):
    vectors = read_vectors(folder / "aligned" / "de")
    counts = vectors.counts.copy()
    counts[-1] = 0
    composer = learn_composer(vectors.words, vectors.matrix)
    whole = WordVectors(vectors.words, np.array(vectors.matrix), counts, composer)
    write_vectors(whole, tmp_path / "new", "safetensors")
    place = folder / "aligned" / "de" / "vectors.safetensors"
    (tmp_path / "new" / "vectors.safetensors").replace(place)
    spaces = find_spaces(folder)
    from x2static.explore.code_shelf import CodeShelf

    indexes = Indexes(spaces, "exact", CodeShelf(tmp_path / "codes"))
    indexes.start()
    indexes.wait()
    with Server(Explorer(spaces, indexes, search), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, path, **fields):
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=20)
    connection.request("GET", f"{path}?{urlencode(fields)}")
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, json.loads(body) if answer.status == 200 else body


def test_the_server_answers_for_sentences(server, texts):
    text = texts["en"].read_text().splitlines()[4]
    status, found = ask(server, "/api/sentences", language="en", text=text, count=2)
    assert status == 200
    by_language = {one["language"]: one["sentences"] for one in found["results"]}
    assert by_language["de"][0]["line"] == 5
    assert ask(server, "/api/overview")[1]["sentences"] == ["de", "en"]
    for fields, said in (
        ({"language": "xx", "text": "a"}, "no language 'xx'"),
        ({"language": "de", "text": "nichts"}, "no word of the sentence"),
        ({"language": "de", "text": "x" * 2001}, "longer than 2000"),
        ({"language": "de"}, "missing field: text"),
    ):
        status, body = ask(server, "/api/sentences", **fields)
        assert 400 <= status < 500
        assert said in body


def test_composed_words_are_marked(server):
    look_up = {"space": "after", "language": "de", "count": 100}
    status, found = ask(server, "/api/neighbors", word="de30x", **look_up)
    assert status == 200
    assert (found["word"], found["rank"], found["composed"]) == ("de30x", None, True)
    status, found = ask(server, "/api/neighbors", word="de399", **look_up)
    assert (found["rank"], found["composed"]) == (400, True)
    status, found = ask(server, "/api/neighbors", word="en399", **{**look_up, "language": "en"})
    assert found["composed"] is False
    near = {one["language"]: one["neighbors"] for one in found["results"]}["de"]
    marks = {one["word"]: one.get("composed") for one in near}
    assert marks["de399"] is True
    assert not any(mark for word, mark in marks.items() if word != "de399")


def test_without_texts_there_is_nothing_to_search(folder, open_explorer):
    explorer = open_explorer(folder)
    assert explorer.overview()["sentences"] == []
    with pytest.raises(WorkbenchError, match="no texts to search"):
        explorer.sentences("de", "de30", 3)


@pytest.mark.skipif(find_browser() is None, reason="no Chromium on the path, none of playwright's")
def test_in_a_browser_a_sentence_is_searched(server, texts, tmp_path):
    text = texts["de"].read_text().splitlines()[2]
    with browser_page(find_browser(), tmp_path / "profile", 420, 800) as page:
        page.open(f"{server.url}#after/de/de30x")
        page.wait("document.querySelectorAll('#cards .card').length === 2")
        assert "composed" in page.run("document.getElementById('facts').textContent")
        page.run(
            "document.getElementById('sentence-search').open = true;"
            f"document.getElementById('sentence').value = {json.dumps(text)};"
            "document.getElementById('say').requestSubmit()"
        )
        page.wait("document.querySelectorAll('#sentence-cards .card').length === 2")
        shown = page.run(
            "[...document.querySelectorAll('#sentence-cards .card')].map(c => c.innerText)"
        )
        assert texts["en"].read_text().splitlines()[2] in shown[1].split("\n")[1]
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
        assert page.complaints == []
