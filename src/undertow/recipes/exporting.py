"""A model exported to the native engine with a data set by name: calibrated on its training clips, its cost measured.

T samples, F frames.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from undertow.data.clips import Clip, ClipSet
from undertow.errors import UsageError
from undertow.evaluation import bits_per_symbol
from undertow.evaluation.calibration import calibration_batches
from undertow.models.autoregressive import Autoregressive
from undertow.native import export, precision_of, why_missing
from undertow.recipes.clips import AudioData, choose, has_split, open_clips, tell_of_files
from undertow.recipes.telling import Say, silent

CALIBRATION_SAMPLES = 2**18  # at most
COST_SAMPLES = 2**18
PIECE_SAMPLES = 2**15


@dataclass(frozen=True)
class Cost:
    """What a model spends on held-out clips as it was exported, beside the same model in float32.

    Attributes:
        split: of the data the clips are.
        num_clips, num_samples: how much was scored by each.
        float32_bits, bits: bits a sample by the native engine, in float32 and as exported.
    """

    split: str
    num_clips: int
    num_samples: int
    float32_bits: float
    bits: float

    @property
    def added_bits(self) -> float:
        """What the precision costs, in bits a sample."""
        return self.bits - self.float32_bits


def quantise(
    model: Autoregressive,
    source: str | Path | AudioData | None = None,
    *,
    precision: str = "int8",
    label_pattern: str | None = None,
) -> Autoregressive:
    """A copy of a model that the native engine runs in another precision; `undertow.checkpoint.save` keeps it.

    Args:
        source: for int8, clips that show how large the model's values get: a named set, a folder, or the data section
            that a model was trained with. Its train split is heard, at the model's rate.
        precision: "int8"; "bfloat16", of the weights alone, or "float32", which need no clips.
        label_pattern: of a folder's file names, such as "{digit}_{speaker}_{take}".

    Raises:
        UsageError: the model is exported already or has no sample rate, the precision is unknown, int8 lacks a source,
            or the engine has no op for a part of the model, which is named.
        DataError: the data cannot be used, or has a class that the model does not know.
    """
    check_engine()
    if source is None:
        return export(model, precision)
    clips = calibration_clips(model, _section(source, label_pattern))
    return export(model, precision, calibration_batches(model, clips))


def check_engine() -> None:
    """That models can be exported here, and what was exported be run.

    Raises:
        UsageError: the native engine is not there.
    """
    if (missing := why_missing()) is not None:
        raise UsageError(f"quantise needs the native engine; {missing}")


def calibration_clips(model: Autoregressive, data: AudioData, say: Say = silent) -> ClipSet:
    """Training clips, or pieces of them, that are spread over all there are; `say` hears of files that were changed."""
    clips = _open(model, data, "train")
    tell_of_files(clips, say)
    return _excerpt(clips, model, CALIBRATION_SAMPLES)


def cost(model: Autoregressive, exported: Autoregressive, data: AudioData, say: Say = silent) -> Cost:
    """Score a model in float32 and as it was exported, both by the native engine.

    The clips are of the test split; where the source has none, of the validation or else of the train split.

    Raises:
        UsageError, DataError: as `quantise`.
    """
    split = next((one for one in ("test", "validation") if has_split(data, one)), "train")
    clips = _open(model, data, split)
    tell_of_files(clips, say)
    clips = _excerpt(clips, model, COST_SAMPLES)
    float32_bits = bits_per_symbol(export(model, "float32"), clips)
    return Cost(split, len(clips), clips.num_samples, float32_bits, bits_per_symbol(exported, clips))


def card_section(exported: Autoregressive, data: AudioData, calibration: ClipSet | None, found: Cost) -> dict[str, Any]:
    """What the card of an exported model says of its precision, of what it was calibrated on, and of its cost."""
    assert exported.engine_file is not None
    heard = None
    if calibration is not None:
        heard = {"split": "train", "num_clips": len(calibration), "num_samples": calibration.num_samples}
    return {
        "precision": precision_of(exported),
        "num_bytes": len(exported.engine_file),
        "data": str(data.source),
        "calibration": heard,
        "cost": {**asdict(found), "added_bits": found.added_bits},
    }


def _section(source: str | Path | AudioData, label_pattern: str | None) -> AudioData:
    return source if isinstance(source, AudioData) else choose(AudioData(label_pattern=label_pattern), source)


def _open(model: Autoregressive, data: AudioData, split: str) -> ClipSet:
    if model.config.sample_rate is None:
        raise UsageError("this model has no sample rate, so it cannot be held against sound")
    return open_clips(data, split, model.config.sample_rate, model.config.conditioner.features)


def _excerpt(clips: ClipSet, model: Autoregressive, num_samples: int) -> ClipSet:
    """So many samples at most: clips from all over the set, of which long ones come in pieces."""
    if clips.num_samples <= num_samples:
        return clips
    features, share = model.config.conditioner.features, num_samples / clips.num_samples
    kept: list[Clip] = []
    seen = taken = 0
    for piece in (piece for clip in clips for piece in _pieces(clip, features)):
        seen += len(piece)
        if taken + len(piece) <= share * seen:
            kept.append(piece)
            taken += len(piece)
    return replace(clips, clips=kept)


def _pieces(clip: Clip, features: Any) -> Iterator[Clip]:
    hop = 1 if features is None else features.hop_length
    length = -(-PIECE_SAMPLES // hop) * hop
    for start in range(0, len(clip), length):
        stop = min(start + length, len(clip))
        frames = None if clip.frames is None else clip.frames[start // hop : -(-stop // hop)]
        yield replace(clip, wave=clip.wave[start:stop], frames=frames)
