"""Tensors of torch's files, read without torch."""

import io
import zipfile
from pathlib import Path

import numpy as np
import torch

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.representation.frame_files import read_frame_file
from undertow.representation.tensor_files import read_tensor


def test_a_tensor_is_the_one_that_was_saved(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    codes = torch.arange(6).reshape(2, 3)
    cases = [whole, whole[1:, ::2], whole.T, whole.half(), whole.bfloat16(), whole.double(), codes, codes.byte()]
    for one in [*cases, torch.nn.Parameter(whole), whole[:1].expand(3, 6)]:
        torch.save(one, tmp_path / "a.pt")
        wanted = one.detach().float() if one.dtype == torch.bfloat16 else one.detach()
        found = read_tensor(tmp_path / "a.pt")
        assert np.array_equal(found, wanted.numpy()) and found.dtype == wanted.numpy().dtype


def test_a_small_file_takes_no_large_memory(tmp_path: Path) -> None:
    torch.save(torch.zeros(1, 1).expand(1 << 20, 1 << 20), tmp_path / "spread.pt")
    with refuses(DataError, "spread.pt", f"{1 << 20}"):
        read_frame_file(tmp_path / "spread.pt")
    file = io.BytesIO()
    torch.save(torch.zeros(4, 2), file)
    with zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for one in zipfile.ZipFile(file).infolist():
            archive.writestr(one.filename, zipfile.ZipFile(file).read(one))
        with archive.open("archive/data/1", "w") as member:
            for _ in range(1025):
                member.write(bytes(1 << 20))
    with refuses(DataError, "packed.pt", "unpacks", "bytes"):
        read_frame_file(tmp_path / "packed.pt")


def test_what_is_no_tensor_of_numbers_is_refused_in_one_line(tmp_path: Path) -> None:
    for one in (
        torch.zeros(2, 2).to_sparse(),
        torch.zeros(2, 2, device="meta"),
        torch.zeros(2, 2) > 0,
        [torch.zeros(2)],
    ):
        torch.save(one, tmp_path / "a.pt")
        with refuses(DataError, "a.pt"):
            read_frame_file(tmp_path / "a.pt")
    for pickled in (b"\x80\x02.", b"\x80\x02K", b"\x80\x02J\x01", b"\x80\x02}r\xff\xff\xff\xff0", b"\x80\x02h\x05."):
        with zipfile.ZipFile(tmp_path / "b.pt", "w") as archive:
            archive.writestr("archive/data.pkl", pickled)
        with refuses(DataError, "b.pt"):
            read_frame_file(tmp_path / "b.pt")
