"""A model held against a data set by name: its clips read as the model was trained to hear them, and scored."""

from pathlib import Path

from undertow.errors import UsageError
from undertow.evaluation import Score
from undertow.evaluation import score as score_clips
from undertow.models.autoregressive import Autoregressive
from undertow.recipes.clips import AudioData, choose, open_clips, tell_of_files
from undertow.recipes.telling import Say, silent


def score(
    model: Autoregressive,
    source: str | Path | AudioData,
    *,
    split: str = "test",
    label_pattern: str | None = None,
    say: Say = silent,
) -> Score:
    """Bits a symbol of one split of a set under a model, beside the baselines, which are fitted on its train split.

    Args:
        source: a named set, a folder, or the data section that a model was trained with.
        split: "test", "validation", "train", or "all".
        label_pattern: of a folder's file names, such as "{digit}_{speaker}_{take}".
        say: takes lines on files that were resampled or skipped.

    Raises:
        UsageError: an unknown split, a bad pattern, or a model that has no sample rate.
        DataError: the data cannot be used, or has a class that the model does not know.
    """
    if model.config.sample_rate is None:
        raise UsageError("this model has no sample rate, so it cannot be scored on sound")
    data = source if isinstance(source, AudioData) else choose(AudioData(label_pattern=label_pattern), source)
    held_out = open_clips(data, split, model.config.sample_rate, model.config.conditioner.features)
    tell_of_files(held_out, say)
    train = held_out if split == "train" else open_clips(data, "train", model.config.sample_rate)
    return score_clips(model, held_out, train, split=split)
