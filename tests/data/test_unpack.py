"""Archives land in their folder, whatever they hold, and take no more room than they may."""

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.data.sets import write_tar, write_zip
from tests.refusals import refuses
from undertow.data import unpack as module
from undertow.data.unpack import unpack
from undertow.errors import DataError


@pytest.mark.parametrize("member", ["../outside.wav", "/tmp/outside.wav", "a/../../outside.wav"])
@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_no_member_lands_outside(tmp_path, write, member):
    archive = tmp_path / ("a.zip" if write is write_zip else "a.gz")
    write(archive, {"fine.wav": b"x", member: b"evil"})
    (tmp_path / "deep" / "in").mkdir(parents=True)
    try:
        unpack(archive, tmp_path / "deep" / "in")
    except DataError as error:
        assert "outside" in str(error)
    else:
        assert len(list((tmp_path / "deep" / "in").rglob("*.wav"))) == 2, "it is refused, or lands inside"
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.wav")}
    assert all(name.startswith("deep/in/") for name in names)
    assert not Path("/tmp/outside.wav").exists()


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
def test_damaged_archives(tmp_path, suffix):
    archive = tmp_path / f"a{suffix}"
    write = write_zip if suffix == ".zip" else write_tar
    write(archive, {f"{index}.bin": bytes(range(256)) * 40 for index in range(9)})
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size * 2 // 3])
    with refuses(DataError, "unpacked"):
        unpack(archive, tmp_path)
    archive.write_text("no archive at all")
    with refuses(DataError, "unpacked"):
        unpack(archive, tmp_path)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar", ".zip"])
def test_fault_30_an_archive_that_unpacks_to_more_is_refused(tmp_path, suffix, monkeypatch):
    archive = tmp_path / f"bomb{suffix}"
    if suffix == ".tar":  # a member that says it is a terabyte of holes
        with tarfile.open(archive, "w") as held:
            told = tarfile.TarInfo("a")
            told.size = 1 << 40
            held.addfile(told)
    elif suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as held:
            held.writestr("a", bytes(1 << 22))
    else:
        write_tar(archive, {"a": bytes(1 << 22)})
    monkeypatch.setattr(module, "ALWAYS_UNPACKED", 1 << 20)
    with refuses(DataError, archive, f"{1 << 20:,}"):
        unpack(archive, tmp_path)
    assert not (tmp_path / "a").exists()


def test_fault_47_an_encrypted_member_is_refused(tmp_path):
    archive = tmp_path / "secret.zip"
    write_zip(archive, {"a.wav": b"RIFF"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1  # in the member's own header, and in the list of members
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with refuses(DataError, archive, "encrypted"):
        unpack(archive, tmp_path)


def test_a_member_without_a_name_is_refused(tmp_path):
    archive = tmp_path / "a.zip"
    write_zip(archive, {"a": b"RIFF"})
    data = bytearray(archive.read_bytes())
    member = data.index(b"PK\x01\x02")
    data[member + 28], data[member + 30] = 0, 1  # the byte of its name becomes one of its extra field
    archive.write_bytes(data)
    with refuses(DataError, archive, "unpacked"):
        unpack(archive, tmp_path)


def test_fault_30_a_pipe_is_no_archive(tmp_path):
    os.mkfifo(tmp_path / "a.zip")
    with refuses(DataError, tmp_path / "a.zip", "pipe"):
        unpack(tmp_path / "a.zip", tmp_path)


@pytest.mark.parametrize("suffix", [".tar.xz", ".tar", ".zip"])
def test_fault_30_a_terabyte_of_holes_is_refused_at_once(tmp_path, suffix):
    archive = tmp_path / f"a{suffix}"
    write = write_zip if suffix == ".zip" else write_tar
    write(archive, {"a.wav": b"RIFF"})
    os.truncate(archive, 1 << 40)
    with refuses(DataError, archive, f"{1 << 40:,}"):
        unpack(archive, tmp_path)


def test_members_are_read_without_unpacking(tmp_path, monkeypatch):
    archive = tmp_path / "set.tar.gz"
    write_tar(archive, {"a/one.bin": b"1" * 9, "a/two.bin": b"2" * 9, "a/readme": b"x"})
    found = module.read_members(archive, lambda name: name.endswith(".bin"))
    assert found == {"a/one.bin": b"1" * 9, "a/two.bin": b"2" * 9} and [*tmp_path.iterdir()] == [archive]
    with refuses(DataError, "set.tar.gz"):
        module.read_members(archive, lambda name: False)
    monkeypatch.setattr(module, "ALWAYS_UNPACKED", 17)
    with refuses(DataError, "set.tar.gz", "17 bytes"):
        module.read_members(archive, lambda name: True)
    archive.write_bytes(archive.read_bytes()[:-30])
    with refuses(DataError, "set.tar.gz"):
        module.read_members(archive, lambda name: name.endswith("readme"))
