"""Downloads, from a server on this machine: continued where they stopped, and written to no other file."""

import io
import os
import urllib.request
from http.client import HTTPMessage
from pathlib import Path

import pytest

from tests.data.servers import Server
from tests.refusals import refuses
from undertow.data.download import _Redirects, download
from undertow.errors import DataError


def test_a_server_without_ranges_begins_again(server, tmp_path):
    (tmp_path / "served/a.bin").write_bytes(bytes(range(200)))
    (tmp_path / "a.part").write_bytes(b"the start of something else")
    server.ranges = False
    download(f"{server.url}/a.bin", tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == bytes(range(200))


def test_a_download_that_was_already_whole(server, tmp_path):
    for path in (tmp_path / "served/a.bin", tmp_path / "a.part"):
        path.write_bytes(b"whole")
    download(f"{server.url}/a.bin", tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == b"whole"


def test_without_a_server_one_line_says_so(tmp_path):
    with refuses(DataError, "download", "http://127.0.0.1:1/x"):
        download("http://127.0.0.1:1/x", tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to, lambda path, _: os.mkfifo(path)])
def test_fault_39_a_link_is_never_written_through(server: Server, tmp_path: Path, link) -> None:
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    mine, part = tmp_path / "mine.txt", tmp_path / "a.part"
    mine.write_text("mine")
    link(part, mine)
    with refuses(DataError, part, "link"):
        download(f"{server.url}/a.bin", part)
    assert mine.read_text() == "mine" and server.asked == []


def test_fault_39_a_link_made_meanwhile_is_not_followed(server: Server, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    mine, part = tmp_path / "mine.txt", tmp_path / "a.part"
    mine.write_text("mine")
    monkeypatch.setattr("undertow.data.download._size_of_part", lambda path: 0)
    part.symlink_to(mine)
    download(f"{server.url}/a.bin", part)
    assert mine.read_text() == "mine" and not part.is_symlink()


def test_fault_39_a_broken_chunked_answer_leaves_nothing(server: Server, tmp_path: Path) -> None:
    """Without the whole length nobody knows what is missing, so there is nothing to continue."""
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    server.headers, server.body = {"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\nff\r\ncut"
    with refuses(DataError, server.url, "read"):
        download(f"{server.url}/a.bin", tmp_path / "a.part")
    assert not (tmp_path / "a.part").exists()


def test_fault_47_a_length_that_is_no_number_counts_as_unknown(server: Server, tmp_path: Path) -> None:
    (tmp_path / "served/a.bin").write_bytes(b"whole")
    server.headers = {"Content-Length": "abc"}
    download(f"{server.url}/a.bin", tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == b"whole"


def test_fault_39_a_part_of_other_bytes_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    (tmp_path / "a.part").write_bytes(bytes(100))
    server.headers = {"Content-Range": "bytes 7-199/200"}
    with refuses(DataError, "from 100 on", "bytes 7-199/200"):
        download(f"{server.url}/a.bin", tmp_path / "a.part")
    assert (tmp_path / "a.part").read_bytes() == bytes(100)


def test_a_redirect_to_another_host_is_followed_and_one_to_a_file_is_not(server: Server, tmp_path: Path) -> None:
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    (tmp_path / "mine.txt").write_text("mine")
    other = server.url.replace("127.0.0.1", "localhost")
    elsewhere = [f"file://{tmp_path}/mine.txt", "ftp://127.0.0.1:1/a", "data:text/plain,x", "//[", f"{server.url}/5"]
    server.redirects = {"/ok": f"{other}/a.bin"} | {f"/{number}": url for number, url in enumerate(elsewhere, start=1)}
    download(f"{server.url}/ok", tmp_path / "ok.part")
    assert (tmp_path / "ok.part").read_bytes() == bytes(200)
    for number in range(1, 6):
        with refuses(DataError, f"{server.url}/{number}"):
            download(f"{server.url}/{number}", tmp_path / "a.part")
    assert not (tmp_path / "a.part").exists()


def test_a_redirect_from_https_to_http_is_refused() -> None:
    request = urllib.request.Request("https://example.org/a")
    with refuses(DataError, "https://example.org/a", "http://example.org/b"):
        _Redirects().redirect_request(request, io.BytesIO(), 302, "", HTTPMessage(), "http://example.org/b")


def test_a_file_larger_than_the_disk_is_refused_before_it_is_received(server: Server, tmp_path: Path) -> None:
    (tmp_path / "served/a.bin").write_bytes(bytes(200))
    server.headers = {"Content-Length": str(10**18)}
    with refuses(DataError, "1000000000.0 GB", tmp_path / "new"):
        download(f"{server.url}/a.bin", tmp_path / "new" / "a.part")
    assert list((tmp_path / "new").iterdir()) == []
