"""Which symbols of a source each symbol of its translation depends on.

T target steps, S source steps, the ends among them.
"""

from dataclasses import dataclass

import numpy as np
import torch

from undertow.alphabets import TextAlphabet
from undertow.batch import Batch
from undertow.decoding.beam import beam_search
from undertow.decoding.translating import check_translator
from undertow.errors import UsageError
from undertow.models import Seq2Seq
from undertow.options import Search
from undertow.pictures.alignment import Measure, alignment_map
from undertow.pictures.attention import visible

END = "⊣"
HYPHEN = "-"


@dataclass(frozen=True, eq=False)
class TranslationMap:
    """A translation, and how much each of its symbols depends on each of the source.

    Attributes:
        weights: (T, S), rows summing to one; zero where a step does not depend on the source.
        sources, targets: the S and T symbols as text; the last is the end, except for a target that
            reached its maximum length first.
        measure: the name of the weights.
        translation: the text of the target.
    """

    weights: np.ndarray
    sources: list[str]
    targets: list[str]
    measure: Measure
    translation: str


def map_translation(model: Seq2Seq, text: str, translation: str | None = None, *, beam: int = 5) -> TranslationMap:
    """The model's attention to a text while it writes a translation; its gradients if it has no attention.

    Args:
        text: the source.
        translation: the target; by default the result of a beam search.
        beam: width of that search.

    Raises:
        UsageError: the model does not translate text, or there is no text, or it is longer than the model holds.
        DataError: a character is not in the model's alphabets.
    """
    source_alphabet, alphabet = check_translator(model)
    text = text.strip()
    if not text:
        raise UsageError("the text is empty; give some text to translate")
    device = next(model.parameters()).device
    symbols = source_alphabet.encode(text)
    source = torch.from_numpy(np.append(symbols, source_alphabet.num_symbols))[None].to(device)
    lengths = torch.tensor([source.shape[1]], device=device)
    if translation is None:
        best = beam_search(model, source, lengths, Search(beam=beam))[0][0]
        target, ended = best.symbols, best.ended
    else:
        target, ended = alphabet.encode(translation.strip()), True
    steps = np.append(target, model.end_symbol) if ended else target
    written = torch.from_numpy(steps)[None].to(device)
    batch = Batch(
        symbols=written, counted=torch.ones_like(written, dtype=torch.bool), source=source, source_lengths=lengths
    )
    weights, measure = alignment_map(model, batch)
    return TranslationMap(
        weights[0].float().cpu().numpy(),
        names(source_alphabet, symbols),
        names(alphabet, target)[: written.shape[1]],
        measure,
        str(alphabet.decode(target)),
    )


def names(alphabet: TextAlphabet, symbols: np.ndarray) -> list[str]:
    """Symbols as text, one by one, with the end after them.

    A word that is cut into pieces has a hyphen at each cut; a space that begins a piece is left out.
    """
    pieces = [alphabet.pieces[symbol].decode("utf-8", "backslashreplace") for symbol in symbols.tolist()]
    if alphabet.unit != "token":
        return [*map(visible, pieces), END]
    following = [*pieces[1:], ""][: len(pieces)]
    return [*(_piece(piece, after) for piece, after in zip(pieces, following, strict=True)), END]


def _piece(piece: str, following: str) -> str:
    """A piece of a word without the space before it, and with a hyphen where the word goes on."""
    goes_on = piece[-1:].isalnum() and following[:1].isalnum()
    return visible(piece.removeprefix(" ") or piece) + HYPHEN * goes_on
