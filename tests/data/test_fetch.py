"""Downloading, against a server on this machine: resumed, checked, whole or not there."""

import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.data.servers import serve
from tests.data.sets import (
    AUDIO,
    CLASSES_AND_COUNTS,
    FIRST_BYTES,
    content,
    make_downloads,
    with_files_checksum,
    write_tar,
)
from tests.refusals import refuses
from undertow.data.catalogue import CATALOGUE
from undertow.data.fetch import _alone, fetch
from undertow.data.load import load_clips
from undertow.errors import DataError, UsageError


@pytest.mark.parametrize("name", AUDIO)
def test_fetch(name, server, cache, tmp_path, monkeypatch):
    archives = serve(name, server, tmp_path, monkeypatch)
    seen = []
    assert fetch(name, progress=lambda *values: seen.append(values)) == cache / name
    assert [path.name for path in cache.iterdir()] == [name]
    assert len(load_clips(name, "all")) == sum(CLASSES_AND_COUNTS[name][1])
    assert [(received, total) for _, received, total in seen] == [(path.stat().st_size,) * 2 for path in archives]
    assert fetch(name) == cache / name and len(server.asked) == len(archives)  # not downloaded again


@pytest.mark.parametrize("name", ["tinyshakespeare", "enwik8", "jsb", "mnist", "multi30k"])
def test_fetch_of_files(name, server, cache, tmp_path, monkeypatch):
    paths = serve(name, server, tmp_path, monkeypatch)
    folder = cache / (CATALOGUE[name].folder or name)
    assert fetch(name) == folder and list(cache.iterdir()) == [folder]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        file: content(file) for file in CATALOGUE[name].files
    }
    assert fetch(name) == folder and len(server.asked) == len(paths)  # not downloaded again


def test_sets_that_share_a_folder(server, cache, tmp_path, monkeypatch):
    for name in ("jsb", "nottingham"):
        serve(name, server, tmp_path, monkeypatch)
        assert fetch(name) == cache / "polymusic"
    assert sorted(path.name for path in (cache / "polymusic").iterdir()) == ["JSB_Chorales.mat", "Nottingham.mat"]


def test_a_set_that_is_the_beginning_of_another(server, cache, tmp_path, monkeypatch):
    for name in ("enwik8", "enwik6"):
        serve(name, server, tmp_path, monkeypatch)
    fetch("enwik8")
    (cache / "enwik8/notes.txt").write_text("of its reader")
    assert fetch("enwik6") == cache / "enwik6"
    assert (cache / "enwik6/enwik6").read_bytes() == (cache / "enwik8/enwik8").read_bytes()[:FIRST_BYTES]
    fetch("enwik6")
    fetch("enwik8")
    assert len(server.asked) == 1


def test_a_wrong_file_is_refused(server, cache, tmp_path, monkeypatch):
    paths = serve("multi30k", server, tmp_path, monkeypatch)
    paths[-1].write_bytes(b"an error page")
    with refuses(DataError, "test_2017_flickr.en.gz", "sha256"):
        fetch("multi30k")
    assert not (cache / "multi30k").exists()


def test_a_changed_file_is_refused_where_it_lies(server, cache, tmp_path, monkeypatch):
    serve("jsb", server, tmp_path, monkeypatch)
    (fetch("jsb") / "JSB_Chorales.mat").write_bytes(b"changed")
    with refuses(DataError, "JSB_Chorales.mat", "sha256"):
        fetch("jsb")


def test_fetch_into_a_folder(server, cache, tmp_path, monkeypatch):
    serve("ljspeech", server, tmp_path, monkeypatch)
    assert fetch("ljspeech", tmp_path / "mine") == tmp_path / "mine" / "ljspeech"
    assert not cache.exists() and (tmp_path / "mine/ljspeech/metadata.csv").is_file()


def test_what_undertow_data_holds_is_not_downloaded(server, cache, tmp_path, monkeypatch):
    serve("fsdd", server, tmp_path, monkeypatch)
    fetch("fsdd", tmp_path / "data")
    server.asked.clear()
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path / "data"))
    assert fetch("fsdd") == tmp_path / "data" / "fsdd" and server.asked == []


def test_a_wrong_checksum_is_refused_with_both_values(server, cache, tmp_path, monkeypatch):
    (archive,) = serve("ljspeech", server, tmp_path, monkeypatch)
    right = CATALOGUE["ljspeech"].downloads[0].checksum.split(":")[1]
    archive.write_bytes(archive.read_bytes() + b"!")
    with refuses(DataError, "sha256", right):
        fetch("ljspeech")
    assert list(cache.iterdir()) == []  # the next attempt begins afresh


def test_wrong_files_are_refused_with_both_values(server, cache, tmp_path, monkeypatch):
    serve("fsdd", server, tmp_path, monkeypatch)
    held = with_files_checksum(CATALOGUE["fsdd"], fetch("fsdd", tmp_path / "right"))
    make_downloads("fsdd", tmp_path)
    other = {f"x/recordings/1_theo_{take}.wav": b"RIFF" for take in range(12)}
    write_tar(tmp_path / "served" / "v1.0.10.tar.gz", other)
    monkeypatch.setitem(CATALOGUE, "fsdd", held)
    with refuses(DataError, "fsdd", "checksum", held.files_sha256):
        fetch("fsdd")
    assert list(cache.iterdir()) == []


def test_a_broken_download_goes_on_where_it_stopped(server, cache, tmp_path, monkeypatch):
    (archive,) = serve("vctk", server, tmp_path, monkeypatch)
    size = archive.stat().st_size
    server.stop_after = 1000
    with refuses(DataError, f"1000 of {size} bytes", "fetch again"):
        fetch("vctk")
    server.stop_after = None
    assert fetch("vctk") == cache / "vctk"
    assert [asked for _, asked in server.asked] == [None, "bytes=1000-"]


def test_no_server_and_no_file(server, cache, tmp_path, monkeypatch):
    serve("fsdd", server, tmp_path, monkeypatch)[0].unlink()
    with refuses(DataError, "http", "404"):
        fetch("fsdd")
    with refuses(UsageError, "'libri'"):
        fetch("libri")


def test_of_two_at_once_one_downloads_and_the_other_waits(server, cache, tmp_path, monkeypatch):
    paths = serve("tinyshakespeare", server, tmp_path, monkeypatch)
    ready = threading.Barrier(2)

    def one(_: int) -> Path:
        ready.wait()
        return fetch("tinyshakespeare")

    with ThreadPoolExecutor(2) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [*pool.map(one, range(2))] == [cache / "tinyshakespeare"] * 2
    assert len(server.asked) == len(paths) and [*cache.iterdir()] == [cache / "tinyshakespeare"]


def test_one_that_waits_says_so_and_takes_over_from_one_that_ended(server, cache, tmp_path, monkeypatch):
    serve("tinyshakespeare", server, tmp_path, monkeypatch)
    with ThreadPoolExecutor(1) as pool, pytest.warns(UserWarning, match="tinyshakespeare"):
        with _alone(cache, "tinyshakespeare"):
            waits = pool.submit(fetch, "tinyshakespeare")
            time.sleep(0.1)
            assert not server.asked and not waits.done()
        assert waits.result() == cache / "tinyshakespeare"
    (cache / ".jsb.lock").symlink_to(tmp_path / "elsewhere")
    with refuses(DataError, ".jsb.lock"):
        fetch("jsb")
    assert not (tmp_path / "elsewhere").exists()
