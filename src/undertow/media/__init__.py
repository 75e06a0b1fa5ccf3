"""Media: how symbols enter and leave the package, as arrays and files. One file and one line here per medium."""

from undertow.alphabets.alphabet import Alphabet
from undertow.errors import UsageError
from undertow.media.images import Images
from undertow.media.medium import Given, Medium, Reading, Report
from undertow.media.notes import Notes
from undertow.media.sound import Sound
from undertow.media.text import Text

MEDIA: dict[str, type[Medium]] = {  # by what an alphabet's symbols stand for
    "sound": Sound,
    "text": Text,
    "notes": Notes,
    "images": Images,
}


def medium_of(alphabet: Alphabet, sample_rate: int | None = None) -> Medium:
    """The medium of an alphabet's symbols.

    Raises:
        UsageError: no kind of file holds its symbols.
    """
    if alphabet.real not in MEDIA:
        raise UsageError(f"this model makes plain {alphabet.real}, which no kind of file holds; use arrays")
    return MEDIA[alphabet.real](alphabet, sample_rate)


__all__ = ["MEDIA", "Given", "Images", "Medium", "Notes", "Reading", "Report", "Sound", "Text", "medium_of"]
