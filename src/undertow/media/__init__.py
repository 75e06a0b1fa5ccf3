"""Media: what symbols are where they enter and leave the package. One file a medium, one line here."""

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
        UsageError: its symbols stand for nothing that a file can hold.
    """
    if alphabet.real not in MEDIA:
        raise UsageError(f"this model is of plain {alphabet.real}, which no file is of; give and take them as arrays")
    return MEDIA[alphabet.real](alphabet, sample_rate)


__all__ = ["MEDIA", "Given", "Images", "Medium", "Notes", "Reading", "Report", "Sound", "Text", "medium_of"]
