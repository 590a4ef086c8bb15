"""Downloads, from a server of our own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from coresift import MissingDataError
from coresift.datasets._fetch import fetch
from coresift.datasets._home import Home, Remote, cache_folder

CONTENT = bytes(range(256)) * 40
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Handler(BaseHTTPRequestHandler):
    asked: list[str | None]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.asked.append(asked)
        if self.path == "/none":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_file_is_fetched_once_and_checked(server: str, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    for _ in range(2):
        path = fetch(f"{server}/file", "file", CHECKSUM, tmp_path, lambda *step: seen.append(step))
        assert path.read_bytes() == CONTENT
    assert Handler.asked == [None]
    assert seen[-1] == ("file", len(CONTENT), len(CONTENT))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("done", [1, 5_000, len(CONTENT)])
def test_a_broken_transfer_goes_on_where_it_stopped(server: str, tmp_path: Path, done: int) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT[:done])
    path = fetch(f"{server}/file", "file", CHECKSUM, tmp_path)
    assert path.read_bytes() == CONTENT
    assert Handler.asked == [f"bytes={done}-"]


def test_a_checksum_that_does_not_fit_is_one_error_and_leaves_nothing(
    server: str, tmp_path: Path
) -> None:
    wrong = "md5:" + "0" * 32
    with pytest.raises(MissingDataError, match=f"its checksum is not {wrong}"):
        fetch(f"{server}/file", "file", wrong, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_says_what_to_place_where(server: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="place none in one of these folders") as caught:
        Home(tmp_path).files("Some", [Remote("none", f"{server}/none")])
    assert "404" in str(caught.value)


def test_no_network_says_what_to_place_where(tmp_path: Path) -> None:
    closed = "http://127.0.0.1:9/file"
    with pytest.raises(MissingDataError, match=f"{closed} cannot be fetched"):
        Home(tmp_path).files("Some", [Remote("file", closed)])


def test_what_one_folder_has_is_not_fetched(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache_folder().mkdir(parents=True)
    (cache_folder() / "one").write_bytes(b"1")
    remotes = [Remote("one", f"{server}/one"), Remote("two", f"{server}/two")]
    paths = Home(tmp_path / "given").files("Some", remotes)
    assert paths["one"] == cache_folder() / "one"
    assert paths["two"].read_bytes() == CONTENT
    assert len(Handler.asked) == 1
