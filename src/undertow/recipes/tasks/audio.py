"""Sound: recordings cut into clips, for a model of their samples or a classifier of whole clips."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from undertow import alphabets
from undertow.batch import Batch
from undertow.data.batches import Batches, batches_in_order
from undertow.errors import UsageError
from undertow.evaluation import score as score_clips
from undertow.evaluation.prediction import score_predictions
from undertow.media import Sound
from undertow.models import Autoregressive, Model
from undertow.recipes import clips as files
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.clips import AUTO, AudioData, choose_labels, open_clips, summary, tell_of_files
from undertow.recipes.samples import Samples, SampleWriter, like_clips
from undertow.recipes.tasks.excerpt import Excerpt, of_clips
from undertow.recipes.tasks.labels import told_label
from undertow.recipes.tasks.task import Asked, OnValidation, Scored, Task, autoregressive, parse_model, section
from undertow.recipes.verdict import unigram_bits
from undertow.training.config import TrainingConfig
from undertow.training.distributed import World

VALIDATION_STEPS = 32_768  # of one batch, about
VALIDATION_CROP = 16_384


class AudioTask(Task):
    """Clips of a named set or of a folder.

    An autoregressive model is conditioned on labels and features of them; a classifier tells one label of a whole clip.
    """

    Config = AudioData

    def __init__(self, config: AudioData, model: Mapping[str, Any], say: Say) -> None:
        self.config, self.model = config, model
        features = complete_model(model, {}, config.sample_rate).conditioner.features if _generates(model) else None
        self.clips = {split: open_clips(config, split, features=features) for split in self._splits(say)}
        self._tell_of_clips(say)
        known = {name: tuple(classes) for name, classes in self.clips["train"].label_classes.items()}
        if _generates(model):
            self.labels, left_out = choose_labels(wanted_labels(model), self.clips["train"])
            for name in left_out:
                say(f"label '{name}' is left out: it does not sort the clips into classes")
        else:
            name = told_label(model.get("label", AUTO), list(choose_labels(AUTO, self.clips["train"])[0]), list(known))
            self.labels = {name: list(known[name])}

    @staticmethod
    def choose(config: AudioData, given: str | Path | None) -> AudioData:
        return files.choose(config, given)

    @staticmethod
    def check(config: AudioData, model: Mapping[str, Any]) -> None:
        if _generates(model):
            wanted_labels(model)
            complete_model(model, {}, config.sample_rate)
        else:
            made = parse_model({"classes": ("0", "1"), **model})
            if made.reading == "every":
                raise UsageError("model.reading is 'every', and labels are of whole clips: last or mean will do")

    @staticmethod
    def fetch(config: AudioData, downloads: Downloads = nullcontext) -> None:
        files.fetch_if_missing(config, downloads)

    @staticmethod
    def splits(config: AudioData) -> Sequence[str]:
        return files.splits(config)

    @staticmethod
    def score(config: AudioData, model: Any, split: str, asked: Asked, say: Say) -> Scored:
        if model.config.sample_rate is None:
            raise UsageError("this model has no sample rate, so it cannot be scored on sound")
        if asked.protocol != "full":
            raise UsageError(f"'{asked.protocol}' is for symbols without a clock; sound is scored in whole clips")
        features = model.config.conditioner.features if isinstance(model, Autoregressive) else None
        held_out = open_clips(config, split, model.config.sample_rate, features)
        tell_of_files(held_out, say)
        if not isinstance(model, Autoregressive):
            told = {model.config.label: model.config.classes}
            rows = max(1, VALIDATION_STEPS // max(map(len, held_out)))
            batches = batches_in_order(held_out, model.alphabet, None, rows, label_classes=told)
            return score_predictions(model, batches, split=split)
        train = held_out if split == "train" else open_clips(config, "train", model.config.sample_rate)
        return score_clips(model, held_out, train, split=split)

    @staticmethod
    def excerpt(config: AudioData, model: Model, split: str, num_symbols: int, say: Say) -> Excerpt:
        settings = autoregressive(model).config
        if settings.sample_rate is None:
            raise UsageError("this model has no sample rate, so it cannot be held against sound")
        clips = open_clips(config, split, settings.sample_rate, settings.conditioner.features)
        tell_of_files(clips, say)
        return of_clips(clips, autoregressive(model), num_symbols)

    @property
    def model_config(self) -> Any:
        rate = self.clips["train"].sample_rate
        if _generates(self.model):
            return complete_model(self.model, self.labels, rate)
        ((label, classes),) = self.labels.items()
        return parse_model({**self.model, "label": label, "classes": classes, "sample_rate": rate})

    def batches(self, model: Any, training: TrainingConfig, world: World) -> Batches:
        return Batches(
            self.clips["train"],
            model.alphabet,
            _context(model),
            training.batch_size,
            self.config.crop_steps,
            training.seed,
            world.rank,
            world.size,
            **self._cut(model),
        )

    def validation(self, model: Any) -> Sequence[Batch]:
        clips = self.clips.get("validation")
        if clips is None:
            return []
        field = _context(model)
        longest = max(map(len, clips))
        if field is not None:
            longest = min(longest, field + VALIDATION_CROP)
        return list(
            batches_in_order(
                clips,
                model.alphabet,
                field,
                max(1, VALIDATION_STEPS // longest),
                None if field is None else VALIDATION_CROP,
                **self._cut(model),
            )
        )

    def summary(self) -> dict[str, Any]:
        return {split: summary(part) for split, part in self.clips.items()}

    def baseline(self, model: Any) -> float | None:
        return unigram_bits(self.clips, model.alphabet) if isinstance(model, Autoregressive) else None

    def sample_writer(self, settings: Samples, out: Path) -> OnValidation | None:
        if not _generates(self.model) or not settings.count:
            return None
        clips = self.clips.get("validation") or self.clips["train"]
        sound = Sound(alphabets.build(self.model_config.alphabet), clips.sample_rate)
        return SampleWriter(like_clips(settings, clips), sound, out)

    def _cut(self, model: Any) -> dict[str, Any]:
        """How clips are cut for a model, beside their context."""
        if not isinstance(model, Autoregressive):
            return {"label_classes": self.labels}
        settings = model.config.conditioner
        return {
            "features": settings.features,
            "label_classes": settings.labels,
            "period": model.network.period,
            "look_ahead": settings.upsampling.look_ahead,
        }

    def _splits(self, tell: Say) -> list[str]:
        """The splits a run reads."""
        if "validation" in files.splits(self.config):
            return ["train", "validation"]
        tell("there are no clips to validate on, too few files to hold any out: nothing will tell when to stop")
        return ["train"]

    def _tell_of_clips(self, tell: Say) -> None:
        """Lengths of the splits, and what reading them met."""
        rates = {part.sample_rate for part in self.clips.values()}
        parts = [f"{split} {len(part):,} clips, {part.seconds / 60:.1f} min" for split, part in self.clips.items()]
        tell(f"{self.config.source} at {', '.join(map(str, rates))} Hz: {'; '.join(parts)}")
        for part in self.clips.values():
            tell_of_files(part, tell)


def wanted_labels(model: Mapping[str, Any]) -> Sequence[str] | Literal["auto"]:
    """The names of the labels a recipe's model is to know, or "auto".

    Raises:
        UsageError: it is neither a list of names nor "auto".
    """
    labels = section(model, "conditioner").get("labels", [])
    if labels == AUTO or (isinstance(labels, list | tuple | Mapping) and all(isinstance(one, str) for one in labels)):
        return AUTO if labels == AUTO else list(labels)
    raise UsageError(f"model.conditioner.labels is {labels!r}; it must be a list of label names, or {AUTO}")


def _generates(model: Mapping[str, Any]) -> bool:
    return model.get("kind", "autoregressive") == "autoregressive"


def _context(model: Any) -> int | None:
    """Steps before a crop that it carries; a classifier reads whole clips."""
    return model.context_steps if isinstance(model, Autoregressive) else None


def complete_model(model: Mapping[str, Any], labels: Mapping[str, Sequence[str]], sample_rate: int | None) -> Any:
    """The config of the recipe's model, with class names by label name and the data's rate in Hz filled in."""
    if model.get("sample_rate") not in (None, sample_rate):
        raise UsageError(
            f"model.sample_rate is {model['sample_rate']}; set data.sample_rate instead, and the model has it"
        )
    conditioner = section(model, "conditioner")
    if not isinstance(conditioner.get("labels"), Mapping):
        conditioner["labels"] = labels
    if conditioner.get("features") is not None:
        conditioner["features"] = _features(section(conditioner, "features"), sample_rate)
    made = parse_model({**model, "conditioner": conditioner, "sample_rate": sample_rate})
    if (real := alphabets.ALPHABETS[made.alphabet.kind].real) != "sound":
        raise UsageError(f"model.alphabet: '{made.alphabet.kind}' is of {real}, and the data of sound")
    return made


def _features(features: Mapping[str, Any], sample_rate: int | None) -> dict[str, Any]:
    if sample_rate is None and "sample_rate" not in features:
        raise UsageError("a model with features needs its rate before the data is read: give data.sample_rate")
    return {"sample_rate": sample_rate, **features}
