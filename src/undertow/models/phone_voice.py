"""A voice that reads phones whose times are known, and plans how long and how high each of them is spoken.

    v = encoder(phones, speaker)                  a vector for each phone, in the context of all of them
    log d = durations(v)                          frames of each phone
    log f0, voiced = pitch(v of each frame, place)
    frame = (v of its phone, place, log f0, voiced)

In training the frames have the recording's own durations and fundamental frequency; to speak they have the predicted
ones. What makes sound of frames is the subclass's. The parts learn together, and the encoder from all of them.

B batch, F frames of a crop, N frames of a recording, S symbols, C channels.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from undertow import networks
from undertow.batch import Batch
from undertow.config import Name, NonNegative, Width, config
from undertow.data.script import Script, Spelling
from undertow.data.speech import HZ, PLACE, SYMBOL
from undertow.data.told import Told
from undertow.errors import DataError, UsageError, counted
from undertow.models.completing import labels_chosen, refuse_source
from undertow.models.conditioner import Conditioner, hidden
from undertow.models.model import Ability
from undertow.models.speaking import PLAINLY, Planned, Speaks
from undertow.networks import LabellerConfig
from undertow.options import PLAIN, Manner, Sampling

REFERENCE_HZ = 150.0  # from which the fundamental frequency is counted, in octaves
MOST_SECONDS = 3.0  # of a symbol that is spoken
PLACES = 4  # numbers on a frame's place: in its symbol from both ends, the symbol's length, in the sentence
PITCHES = 2  # numbers on its pitch: octaves, and whether it is voiced
SEMITONES = 12


@config
class PhoneVoiceConfig:
    """What is read, and what plans its times and its pitch.

    Attributes:
        symbols: phones or characters that it reads.
        spells: which of the two they are.
        pause: the symbol of silence.
        words: pronunciations of the words that it knows, phones between spaces.
        channels: of the vector of a symbol.
        encoder: a labeller that reads the symbols.
        durations: a labeller that predicts the logarithm of each symbol's frames.
        pitch: a labeller that predicts each frame's pitch, and whether it is voiced.
        duration_weight, pitch_weight: of these losses beside that of the sound.
        conditioner: its labels, such as the speaker.
    """

    symbols: tuple[Name, ...]
    spells: Spelling = "phones"
    pause: Name = "SIL"
    words: dict[Name, Name] = Field(default_factory=dict)
    channels: Width = 64
    encoder: LabellerConfig
    durations: LabellerConfig
    pitch: LabellerConfig
    duration_weight: NonNegative = 1.0
    pitch_weight: NonNegative = 1.0
    conditioner: Conditioner.Config = Conditioner.Config()

    @property
    def frame_channels(self) -> int:
        """Numbers of a frame: of its symbol, its place and its pitch."""
        return self.channels + PLACES + PITCHES

    def __post_init__(self) -> None:
        if self.conditioner.features is not None:
            raise UsageError("conditioner.features is given, but this voice reads frames of phones; remove it")
        if self.pause not in self.symbols:
            raise UsageError(f"pause is '{self.pause}', which is none of the symbols")


class Utterances(NamedTuple):
    """The symbols of recordings, and of each frame.

    Attributes:
        symbols: (B, S) int64.
        durations: (B, S) int64 frames.
        lengths: (B,) symbols.
        places: (B, N) int64, the number of each frame's symbol.
        num_frames: (B,).
    """

    symbols: Tensor
    durations: Tensor
    lengths: Tensor
    places: Tensor
    num_frames: Tensor


class Heard(NamedTuple):
    """A batch's recordings as a voice hears them.

    Attributes:
        frames: (B, N, C + 6), with the recordings' own durations and pitch.
        num_frames: (B,).
        loss: of the predicted durations and pitch.
        figures: `duration_error` (the mean factor by which a duration is off, as its logarithm), `voicing_error` (the
            share of frames) and `pitch_error` (semitones, of voiced frames).
    """

    frames: Tensor
    num_frames: Tensor
    loss: Tensor
    figures: dict[str, Tensor]


class Plan(NamedTuple):
    """Frames (N, C + 6) of a sentence, the frames of each symbol (S,), and the pitch (N,) in Hz, 0 where unvoiced."""

    frames: Tensor
    durations: Tensor
    hz: Tensor


class PhoneVoice(Speaks):
    """A voice of phones with times; a subclass makes sound of their frames.

    Args:
        config: a `PhoneVoiceConfig` with what the subclass adds.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config, width = config, config.channels
        self.embedding = nn.Embedding(len(config.symbols), width)
        labels = replace(config.conditioner, label_channels=width, label_dropout=0.0)
        self.voices = Conditioner(labels) if labels.labels else None
        self.encoder = networks.build_labeller(config.encoder, width, width)
        self.durations = networks.build_labeller(config.durations, 1, width)
        self.pitch = networks.build_labeller(config.pitch, PITCHES, width + PLACES)
        if not self.encoder.dims == self.durations.dims == self.pitch.dims == 1:
            raise UsageError("encoder, durations and pitch must be labellers of sequences, not of images")

    @property
    @abstractmethod
    def frame_seconds(self) -> float:
        """Seconds of a frame."""

    @staticmethod
    def read_of_data(values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> dict[str, Any]:
        """The part of a config that comes from the data: symbols, words and labels.

        Raises:
            UsageError: the data has no times of symbols, or sources.
        """
        refuse_source(values, told)
        if told.script is None:
            raise UsageError("a voice learns from recordings with times of phones: set data.kind=speech")
        script = told.script
        read = {"symbols": script.symbols, "spells": script.spells, "pause": script.pause, "words": script.words}
        return {**read, "conditioner": labels_chosen(values, told, say)}

    @property
    def script(self) -> Script:
        config = self.config
        return Script(config.symbols, config.spells, config.pause, config.words)

    @property
    def scorer(self) -> str:
        return "speech"

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(["speak"])

    def hear(self, batch: Batch) -> Heard:
        """The frames of a batch's recordings, and how well their durations and pitch are predicted."""
        if batch.continues is not None:
            raise UsageError("data.carry_state is for models that read their past alone; a voice reads whole sentences")
        assert batch.source is not None
        said, hz = self.utterances(batch), batch.source[..., HZ]
        vectors = self.vectors(said.symbols, said.lengths, batch.labels)
        spread = self.spread(vectors, said)
        duration, duration_error = self._duration_loss(vectors, said)
        pitch, voicing_error, pitch_error = self._pitch_loss(spread, said, hz)
        errors = {"duration_error": duration_error, "voicing_error": voicing_error, "pitch_error": pitch_error}
        return Heard(
            torch.cat([spread, octaves_of(hz)], dim=-1),
            said.num_frames,
            self.config.duration_weight * duration + self.config.pitch_weight * pitch,
            {name: one.detach() for name, one in errors.items()},
        )

    def hide_labels(self, batch: Batch) -> Batch:
        """In training, some rows without their labels."""
        if not self.training:
            return batch
        return replace(batch, labels=hidden(batch.labels, self.config.conditioner.label_dropout))

    def plan(self, symbols: Tensor, labels: Mapping[str, Tensor], manner: Manner) -> Plan:
        """The frames of one sentence (S,), with predicted durations and pitch."""
        lengths = torch.tensor([len(symbols)], device=symbols.device)
        vectors = self.vectors(symbols[None], lengths, labels)
        durations = self._frames_of(self.durations(vectors, lengths)[0, :, 0], manner.speed)
        number = durations.sum()[None]
        places = torch.repeat_interleave(torch.arange(len(symbols), device=symbols.device), durations)
        check_room(self.pitch, int(number), "frame")
        spread = self.spread(vectors, Utterances(symbols[None], durations[None], lengths, places[None], number))
        octaves, voiced = finite(self.pitch(spread, number)[0]).unbind(dim=-1)
        hz = REFERENCE_HZ * 2 ** (octaves + manner.pitch / SEMITONES)
        hz = torch.where(voiced > 0, hz, 0.0)
        return Plan(torch.cat([spread[0], octaves_of(hz)], dim=-1), durations, hz)

    def speak_frames(
        self,
        symbols: Tensor,
        labels: Mapping[str, Tensor],
        *,
        manner: Manner = PLAINLY,
        sampling: Sampling = PLAIN,
        seed: int = 0,
        row: int = 0,
    ) -> Planned:
        """The frames of one sentence. Nothing is drawn, so `sampling`, `seed` and `row` are not used."""
        plan = self.plan(symbols, labels, manner)
        return Planned(self.to_draw(plan.frames), plan.durations, plan.hz)

    def to_draw(self, frames: Tensor) -> Tensor:
        """What its decoder or a vocoder draws of frames (N, C + 6)."""
        return frames

    def utterances(self, batch: Batch) -> Utterances:
        """The symbols of a batch's recordings, from its source."""
        assert batch.source is not None and batch.source_lengths is not None
        inside = torch.arange(batch.source.shape[1], device=batch.source.device) < batch.source_lengths[:, None]
        places = torch.where(inside, batch.source[..., PLACE].long(), 0)
        lengths = places.amax(dim=1) + 1
        shape = len(places), int(lengths.max())
        durations = places.new_zeros(shape).scatter_add_(1, places, inside.long())
        ids = torch.where(inside, batch.source[..., SYMBOL].long(), 0)
        symbols = places.new_zeros(shape).scatter_reduce_(1, places, ids, "amax")
        return Utterances(symbols, durations, lengths, places, batch.source_lengths)

    def vectors(self, symbols: Tensor, lengths: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
        """A vector (B, S, C) of each symbol in its context."""
        check_room(self.encoder, symbols.shape[1], "symbol")
        embedded = self.embedding(symbols)
        if self.voices is not None:
            voice = self.voices(labels, None, symbols.shape[1], len(symbols)).aligned
            embedded = embedded + voice
        found: Tensor = self.encoder(embedded, lengths)
        return found

    def spread(self, vectors: Tensor, said: Utterances) -> Tensor:
        """(B, N, C + 4): of each frame its symbol's vector and its place, 0 behind a row's end."""
        first = torch.cumsum(said.durations, dim=1) - said.durations
        places = said.places
        frame = torch.arange(places.shape[1], device=places.device)[None]
        inside = (frame < said.num_frames[:, None])[..., None]
        length = said.durations.gather(1, places).clamp(min=1).to(vectors.dtype)
        share = (frame - first.gather(1, places) + 0.5) / length
        whole = (frame + 0.5) / said.num_frames[:, None].to(vectors.dtype)
        numbers = torch.stack([share, 1 - share, length.log(), whole.expand_as(share)], dim=-1)
        own = vectors.gather(1, places[..., None].expand(*places.shape, vectors.shape[-1]))
        return torch.where(inside, torch.cat([own, numbers.to(vectors.dtype)], dim=-1), 0.0)

    def _duration_loss(self, vectors: Tensor, said: Utterances) -> tuple[Tensor, Tensor]:
        """Squared error of the logarithms, and its absolute value; means over the symbols."""
        present = said.durations > 0
        error = _wide(self.durations(vectors, said.lengths)[..., 0]) - said.durations.clamp(min=1).log()
        number = present.sum().clamp(min=1)
        error = torch.where(present, error, 0.0)
        return error.square().sum() / number, error.abs().sum() / number

    def _pitch_loss(self, spread: Tensor, said: Utterances, hz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, the share of wrong decisions on voicing, and semitones of voiced frames; means over the frames."""
        check_room(self.pitch, hz.shape[1], "frame")
        there = torch.arange(hz.shape[1], device=hz.device) < said.num_frames[:, None]
        outputs = _wide(self.pitch(spread, said.num_frames))
        voiced = (hz > 0) & there
        number, number_voiced = there.sum().clamp(min=1), voiced.sum().clamp(min=1)
        right = F.binary_cross_entropy_with_logits(outputs[..., 1], voiced.to(outputs.dtype), reduction="none")
        error = torch.where(voiced, outputs[..., 0] - octaves_of(hz)[..., 0], 0.0)
        wrong = ((outputs[..., 1] > 0) != voiced) & there
        loss = torch.where(there, right, 0.0).sum() / number + SEMITONES * error.square().sum() / number_voiced
        return loss, wrong.sum() / number, SEMITONES * error.abs().sum() / number_voiced

    def _frames_of(self, logarithms: Tensor, speed: float) -> Tensor:
        """Whole frames (S,) of symbols; what is rounded off goes to the next one, and each has a frame at least.

        Raises:
            DataError: a logarithm is not a number.
        """
        most = MOST_SECONDS / self.frame_seconds
        ends = (finite(logarithms).double().exp() / speed).clamp(max=most).cumsum(dim=0).round().long().tolist()
        durations, end = [], 0
        for wanted in ends:
            durations.append(max(1, wanted - end))
            end += durations[-1]
        return torch.tensor(durations, device=logarithms.device)


def crop(frames: Tensor, batch: Batch) -> Tensor:
    """Those of whole recordings' frames (B, N, C) that a batch's crops have (B, F, C), by their numbers."""
    assert batch.features is not None
    number = batch.features[..., 0].long().clamp(max=frames.shape[1] - 1)
    return frames.gather(1, number[..., None].expand(*number.shape, frames.shape[-1]))


def finite(output: Tensor) -> Tensor:
    """A network's output.

    Raises:
        DataError: it is not a number.
    """
    if not bool(torch.isfinite(output).all()):
        raise DataError("the model's output is not a number: its weights are damaged")
    return output


class TooLongError(DataError):
    """A sentence that a network cannot read."""


def check_room(labeller: networks.Labeller, number: int, noun: str) -> None:
    """Refuse what is longer than a labeller can read.

    Raises:
        TooLongError: it is.
    """
    if labeller.max_length is not None and number > labeller.max_length:
        raise TooLongError(
            f"a sentence has {counted(number, noun)}, but network '{labeller.config.kind}' reads at most "
            f"{labeller.max_length:,}; cut it, or train with a larger max_length"
        )


def octaves_of(hz: Tensor) -> Tensor:
    """(…, 2): octaves above the reference, 0 where unvoiced, and whether it is voiced."""
    voiced = hz > 0
    octaves = torch.where(voiced, torch.where(voiced, hz, REFERENCE_HZ) / REFERENCE_HZ, 1.0).log2()
    return torch.stack([octaves, voiced.to(octaves.dtype)], dim=-1)


def _wide(x: Tensor) -> Tensor:
    """In float32 at least."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
