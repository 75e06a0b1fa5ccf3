"""A server of downloads on this machine."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.data.sets import make_downloads, small
from undertow.data.catalogue import CATALOGUE


class Server(ThreadingHTTPServer):
    """Serves a folder; `ranges`, `stop_after` (bytes of a body), `headers` and `body` make it a worse one.

    `asked` lists (path, range).
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, folder))
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.ranges, self.stop_after = True, None
        self.headers: dict[str, str] = {}
        self.body = b""
        self.redirects: dict[str, str] = {}  # from a path to a URL
        self.asked: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def __init__(self, folder: Path, *args: object) -> None:
        self.folder = folder
        super().__init__(*args)

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[self.path])
            return self.end_headers()
        self.server.asked.append((self.path, asked))
        file = self.folder / self.path[1:]
        if not file.is_file():
            return self.send_error(404)
        content, start = file.read_bytes(), 0
        if asked is not None and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self.send_error(416)
        self.send_response(206 if start else 200)
        told = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        told |= {"Content-Length": str(len(content) - start)}
        for name, value in (told | self.server.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body or content[start:][: self.server.stop_after])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    (tmp_path / "served").mkdir()
    server = Server(tmp_path / "served")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and no UNDERTOW_DATA."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("UNDERTOW_DATA", raising=False)
    return tmp_path / "cache" / "undertow"


def serve(name: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    archives = make_downloads(name, tmp_path / "served")
    monkeypatch.setitem(CATALOGUE, name, small(name, archives, server.url))
    return archives
