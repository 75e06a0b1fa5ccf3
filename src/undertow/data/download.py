"""Download a file, and continue a download that broke off."""

import http
import http.client
import os
import shutil
import stat
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, BinaryIO

from undertow.callbacks import OnDownload
from undertow.errors import DataError, counted, shown

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60


def download(url: str, path: Path, progress: OnDownload | None = None) -> None:
    """Download to `path`, continuing an earlier, broken attempt.

    Only a file of an earlier attempt is written to: `path` is never followed if it is a link. The part received is
    kept if the server told the whole length, since only then is it known what is missing.

    Raises:
        DataError: the server cannot be reached, refuses, or stops early; or something other than a part is at `path`.
    """
    offset = _size_of_part(path)
    headers = {"User-Agent": "undertow"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT_SECONDS) as response:
            offset = _begin(response, url, offset)
            total = None if response.length is None else offset + response.length
            received = _receive(response, path, offset, total, progress)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
                return  # the file is complete; the checksum decides whether it is right
        raise DataError(f"cannot download {url}: the server answered {error.code} {error.reason}") from None
    except DataError:
        raise
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a redirect to what is no URL
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DataError(f"cannot download {url}: {shown(reason, 200)}") from None
    if total is not None and received < total:
        raise DataError(f"{url} stopped at {received} of {counted(total, 'byte')}; fetch again to continue")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to other hosts, as publishers use them, but never from https to anything else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        kind = urllib.parse.urlsplit(newurl).scheme
        if kind != "https" and kind != req.type:
            raise DataError(f"cannot download {req.full_url}: it leads to {shown(newurl, 200)}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: http.client.HTTPMessage) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:  # an HTTPError holds the answer, and closes it
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _begin(response: http.client.HTTPResponse, url: str, offset: int) -> int:
    """The position of the first byte of an answer: `offset`, or 0 if the server sends everything."""
    if response.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0
    sent = response.headers.get("Content-Range", "")
    if not sent.startswith(f"bytes {offset}-"):
        raise DataError(f"{url}: the bytes from {offset} on were asked for, and '{shown(sent)}' was sent")
    return offset


def _receive(
    response: http.client.HTTPResponse, path: Path, offset: int, total: int | None, progress: OnDownload | None
) -> int:
    """Write an answer to the part, and return the part's size; a part that cannot be continued is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path.parent).free
    if total is not None and total - offset > free:
        raise DataError(f"{path.name} has {total / 1e9:,.1f} GB, and {path.parent} has room for {free / 1e9:,.1f} GB")
    with _part(path, offset) as file:
        try:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                offset += len(chunk)
                if progress is not None:
                    progress(path.name, offset, total)
        except BaseException:
            if total is None:
                path.unlink(missing_ok=True)
            raise
    return offset


def _size_of_part(path: Path) -> int:
    """Bytes of an earlier attempt."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return 0
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise DataError(f"{path} is a link or another thing than the part of a download; remove it")
    return found.st_size


def _part(path: Path, offset: int) -> BinaryIO:
    """The part, open for writing at its end; a new one if `offset` is 0."""
    if offset:
        flags = os.O_APPEND
    else:
        path.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o666), "ab")
