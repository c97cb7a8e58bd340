"""``x2static explore``: serve a local page until it is stopped."""

from __future__ import annotations

import webbrowser

from x2static.core.errors import ConfigError
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.vector_file import read_vectors
from x2static.explore.code_shelf import CodeShelf
from x2static.explore.config import ExploreConfig
from x2static.explore.explorer import Explorer
from x2static.explore.indexes import Indexes
from x2static.explore.sentences.search import SentenceSearch
from x2static.explore.server import Server
from x2static.explore.spaces import find_spaces

_LOCAL = ("127.0.0.1", "localhost", "::1")


def explore(config: ExploreConfig) -> Outcome:
    """Serve until Ctrl-C or SIGTERM, which are the ordinary end."""
    spaces = find_spaces(config.folder)
    shelf = CodeShelf(config.index_folder or config.folder / "explore.index")
    indexes = Indexes(spaces, config.search, shelf)
    texts = config.named_texts()
    for name in texts:
        if name not in spaces[-1].places:
            known = ", ".join(spaces[-1].places)
            raise ConfigError(f"--texts: no vectors of '{name}' in {config.folder}: {known}")
    sentences = SentenceSearch(texts, lambda name: read_vectors(spaces[-1].places[name]))
    explorer = Explorer(spaces, indexes, sentences)
    with Server(explorer, config.host, config.port) as server:
        url = server.url
        names = sorted({name for space in spaces for name in space.places})
        _say(f"{config.folder}: {len(names)} languages: {', '.join(names)}")
        if indexes.reason:
            _say(indexes.reason)
        if config.host not in _LOCAL:
            _say(f"anyone who reaches {config.host} can read these vectors; nothing is encrypted")
        _say(f"open {url} in a browser; Ctrl-C stops")
        try:
            indexes.start()
            if config.browser:
                webbrowser.open(url)
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            indexes.stop()
    return Outcome("stopped", {"url": url, "languages": names})


def _say(line: str) -> None:
    say(line)
