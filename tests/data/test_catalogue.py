"""Named sets are found where they lie, known by their layout, and held to what was published."""

import re
import shutil
from pathlib import Path

import pytest

from tests.data.sets import AUDIO, CLASSES_AND_COUNTS, FILES, MADE, content, make_downloads, small, with_files_checksum
from tests.data.sounds import tone, write
from tests.refusals import refuses
from undertow.data.catalogue import (
    CATALOGUE,
    audio_set,
    cache_folder,
    file_set,
    locate,
    named_set,
    open_files,
    open_set,
    sources,
)
from undertow.data.fetch import fetch, unpack
from undertow.data.folder import Layout, list_items
from undertow.data.load import load_clips
from undertow.data.named_set import AudioSet, FileSet, files_checksum
from undertow.errors import DataError, UsageError


@pytest.fixture
def unpacked(tmp_path, monkeypatch, request):
    """A small set of the same layout, unpacked at UNDERTOW_DATA/name; the catalogue asks no checksum of it."""
    name = request.param
    archives = make_downloads(name, tmp_path)
    folder = tmp_path / "data" / name
    folder.mkdir(parents=True)
    for archive in archives:
        unpack(archive, folder)
    monkeypatch.setitem(CATALOGUE, name, small(name, archives, "http://127.0.0.1"))
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path / "data"))
    return name, folder


@pytest.mark.parametrize("unpacked", AUDIO, indirect=True)
def test_layout_labels_and_splits(unpacked):
    name, folder = unpacked
    clips = [load_clips(name, split) for split in ("train", "validation", "test")]
    classes, counts = CLASSES_AND_COUNTS[name]
    assert clips[0].label_classes == classes
    assert tuple(map(len, clips)) == counts
    assert clips[0].sample_rate == CATALOGUE[name].sample_rate
    assert load_clips(name, path=folder).num_samples == clips[0].num_samples


@pytest.mark.parametrize("unpacked", ["vctk"], indirect=True)
def test_vctk_takes_one_microphone(unpacked):
    names = [clip.name for clip in load_clips("vctk", "all")]
    assert names and all("_mic1" in name for name in names)


@pytest.mark.parametrize("unpacked", ["fsdd"], indirect=True)
def test_files_are_held_to_their_checksum(unpacked, monkeypatch):
    _, folder = unpacked
    root, _ = open_set("fsdd", folder)
    monkeypatch.setitem(CATALOGUE, "fsdd", with_files_checksum(CATALOGUE["fsdd"], root))
    right = CATALOGUE["fsdd"].files_sha256
    open_set("fsdd")
    one, other = root / "recordings/0_theo_0.wav", root / "recordings/0_theo_5.wav"
    shutil.copy(other, one)
    with refuses(DataError, "fsdd", "checksum", right):
        open_set("fsdd")
    one.unlink()
    with refuses(DataError, "fsdd", "11 audio files", 12):
        open_set("fsdd")


def test_where_sets_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("UNDERTOW_DATA", raising=False)
    assert cache_folder() == tmp_path / "cache" / "undertow" and locate("fsdd") is None
    with refuses(DataError, "`undertow data fetch fsdd`", "UNDERTOW_DATA"):
        open_set("fsdd")
    (tmp_path / "cache/undertow/fsdd").mkdir(parents=True)
    assert locate("fsdd") == tmp_path / "cache/undertow/fsdd"
    (tmp_path / "data/fsdd").mkdir(parents=True)
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path / "data"))
    assert locate("fsdd") == tmp_path / "data/fsdd"
    with refuses(DataError, "recordings/"):
        open_set("fsdd")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert Path.home() in cache_folder().parents


def test_unknown_set():
    with refuses(UsageError, "'fsd'", "'fsdd'"):
        named_set("fsd")


def test_fault_49_every_entry_says_what_it_must_and_is_checked():
    assert {*FILES, *MADE} == set(CATALOGUE) and set(CLASSES_AND_COUNTS) == set(AUDIO)
    for entry in CATALOGUE.values():
        assert entry.title and entry.licence and entry.splits and bool(sources(entry)) != bool(entry.made)
        for one in entry.downloads:
            assert one.url.startswith("https://")
            if one.stored_as is None:
                assert re.fullmatch(r"https://\S+\.(tar\.gz|tar\.bz2|zip)", one.url)
            else:
                assert one.url.endswith("/" + one.stored_as) and one.checksum == entry.files[one.stored_as]
            held = isinstance(entry, AudioSet) and entry.files_sha256
            assert held or re.fullmatch(r"sha256:[0-9a-f]{64}", one.checksum or "")


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if isinstance(entry, FileSet)])
def test_every_set_of_files_says_what_it_must(name):
    entry = CATALOGUE[name]
    assert isinstance(entry, FileSet) and entry.files
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", right) for right in entry.files.values())
    assert (entry.kind == "text") == (entry.shares is not None) and sum(entry.shares or (100,)) == 100
    if entry.part_of is not None:
        assert entry.first_bytes > 0 and len(entry.files) == len(CATALOGUE[entry.part_of].files) == 1


def test_files_are_found_in_a_folder_that_sets_share(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with refuses(DataError, "UNDERTOW_DATA", "polymusic/Nottingham.mat"):
        open_files("nottingham", "rolls")
    (tmp_path / "polymusic").mkdir()
    (tmp_path / "polymusic/JSB_Chorales.mat").write_bytes(content("JSB_Chorales.mat"))
    assert locate("jsb") == tmp_path / "polymusic" and locate("nottingham") is None
    monkeypatch.setitem(CATALOGUE, "jsb", small("jsb", [tmp_path / "polymusic/JSB_Chorales.mat"], "http://127.0.0.1"))
    assert open_files("jsb", "rolls") == {"JSB_Chorales.mat": tmp_path / "polymusic/JSB_Chorales.mat"}


def test_a_set_that_cannot_be_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, lies in (("ewt_chunks", "ud/ewt_chunks/"), ("prompts", "prompts/en/")):
        with refuses(DataError, name, "cannot be downloaded", "UNDERTOW_DATA", lies):
            fetch(name)
    with refuses(DataError, "gsd_words", "cannot be downloaded", "ud/gsd_words/dev.txt.gz"):
        open_files("gsd_words", "words")


def test_every_so_manieth_file_is_held_out(tmp_path):
    for number in range(20):
        write(tmp_path / f"wavs/{number:02}.wav", tone())
    items = list_items(tmp_path, Layout("wavs/*.wav", every=(10, 9)))
    held = {split: [one.name[5:7] for one in items if one.split == split] for split in ("test", "validation")}
    assert held == {"test": ["09", "19"], "validation": ["08", "18"]}


def test_changed_and_missing_files_are_refused(tmp_path, monkeypatch):
    (tmp_path / "input.txt").write_text("to be or not to be")
    right = CATALOGUE["tinyshakespeare"].files["input.txt"]
    with refuses(DataError, "input.txt", "checksum", right):
        open_files("tinyshakespeare", "text", tmp_path)
    with refuses(DataError, "mnist", tmp_path, "train-images-idx3-ubyte.gz, train-l"):
        open_files("mnist", "images", tmp_path)


def test_a_set_of_another_kind():
    with refuses(UsageError, "fsdd", "audio, not text", "enwik8", "tinyshakespeare"):
        file_set("fsdd", "text")
    with refuses(UsageError, "jsb", "rolls, not pairs", "multi30k"):
        open_files("jsb", "pairs")
    with refuses(UsageError, "mnist", "images, not audio", "fsdd"):
        audio_set("mnist")


@pytest.mark.parametrize("name", ["tinyshakespeare", "enwik6", "jsb", "nottingham", "mnist", "multi30k"])
def test_the_published_files(real_data, monkeypatch, name):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    entry = CATALOGUE[name]
    assert set(open_files(name, entry.kind)) == set(entry.files)


@pytest.mark.parametrize(("name", "file"), [("binarized_mnist", "binarized_mnist_packed.npz"),
                                            ("cifar10", "cifar10_10k.npz")])  # fmt: skip
def test_the_same_in_another_layout(real_data, monkeypatch, name, file):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    assert list(open_files(name, "images")) == [file]


def test_the_published_fsdd(real_data):
    root, items = open_set("fsdd", real_data / "fsdd")
    assert len(items) == 3000 and root == real_data / "fsdd"
    assert files_checksum(items) == CATALOGUE["fsdd"].files_sha256
