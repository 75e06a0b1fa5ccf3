"""From a sound to a code file and back: sizes, pieces, engines, and everything that is refused."""

from pathlib import Path

import numpy as np
import pytest

from tests.coding.fake_autoencoder import NUM_CODES, RATE, Fake
from tests.coding.test_prior import prior
from tests.data.sounds import tone, write, write_bad_files
from tests.refusals import assert_says, refuses
from undertow.coding import codec, container
from undertow.coding.codec import CodeFile, decode, encode
from undertow.data.audio import read_audio, to_float, to_int16
from undertow.data.clips import Clip
from undertow.errors import DataError, UsageError
from undertow.generation import sounding
from undertow.generation.sounding import Sounding, Voice
from undertow.representation.sources import ModelFrames


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    chance = np.random.default_rng(0)
    wave = tone(0.25) * np.linspace(0.1, 1, 2000) + chance.normal(0, 0.02, 2000)
    write(tmp_path / "in.wav", wave[:1990])
    return tmp_path / "in.wav"


def test_a_sound_becomes_a_small_file_and_a_sound_again(tmp_path, sound, monkeypatch):
    monkeypatch.setattr(sounding, "PIECE_SAMPLES", 600)
    model = Fake()
    done = encode(model, sound, tmp_path / "out.utk")
    assert done.num_bytes == (tmp_path / "out.utk").stat().st_size and done.header.num_samples == 1990
    assert done.codes.shape == (25, 2) and done.header.num_codes == NUM_CODES and done.notes == ()
    assert done.message_bytes <= 25 * 6 / 8 + 1 and done.header.plain_bits_per_second == 600
    whole = decode(model, tmp_path / "out.utk")
    assert whole.wave is not None and whole.wave.shape == (1990,) and whole.header == done.header
    decode(model, tmp_path / "out.utk", tmp_path / "out.wav")
    assert np.array_equal(read_audio(tmp_path / "out.wav").wave, to_float(to_int16(whole.wave)))
    monkeypatch.setattr(codec, "block_latents", lambda groups, most: 7)
    encode(model, sound, tmp_path / "blocks.utk")
    file = CodeFile(model, tmp_path / "blocks.utk")
    assert np.array_equal(np.concatenate(list(file.codes())), done.codes)
    pieces = list(file.play(Sounding(model.decoder, Voice())))
    assert len(pieces) > 2 and np.array_equal(np.concatenate(pieces), whole.wave)
    other = decode(model, tmp_path / "out.utk", labels="theo")
    assert not np.array_equal(other.wave, whole.wave)
    assert_says(whole.notes[0], "speaker", "speaker=jackson")
    assert not [note for note in other.notes if "speaker" in note]


def test_a_long_sound_is_encoded_in_parts_like_the_whole(tmp_path, monkeypatch):
    model, wave = Fake(), np.random.default_rng(1).uniform(-0.5, 0.5, 40_030).astype(np.float32)
    whole = encode(model, wave, tmp_path / "a.utk").codes
    read = []
    of_clip = ModelFrames.codes_of_clip
    monkeypatch.setattr(ModelFrames, "codes_of_clip", lambda self, clip: read.append(len(clip)) or of_clip(self, clip))
    monkeypatch.setattr(codec, "PART_SECONDS", 1.003)
    told: list[tuple[int, int]] = []
    again = encode(model, wave, tmp_path / "b.utk", progress=lambda done, total: told.append((done, total)))
    assert np.array_equal(again.codes, whole)
    assert len(told) == 5 and told[-1] == (40_030, 40_030) and told == sorted(told)
    assert len(read) == 5 and max(read) < 25_000 and len(whole) == 501


@pytest.mark.native
def test_a_prior_makes_it_smaller_and_is_needed_again(tmp_path, sound):
    model, own = Fake(), prior(sum(NUM_CODES))
    done = encode(model, sound, tmp_path / "out.utk", prior=own)
    assert done.header.coder == "prior" and done.header.prior != container.NO_PRIOR
    assert np.array_equal(np.concatenate(list(CodeFile(model, tmp_path / "out.utk", own).codes())), done.codes)
    with refuses(UsageError, "out.utk", done.header.prior.hex(), "--prior"):
        decode(model, tmp_path / "out.utk")
    bounded = {"kind": "transformer", "num_layers": 1, "channels": 8, "num_heads": 1, "max_length": 30}
    with refuses(DataError, "out.utk", done.header.prior.hex()):
        decode(model, tmp_path / "out.utk", prior=prior(sum(NUM_CODES), bounded))
    again = encode(model, sound, tmp_path / "short.utk", prior=prior(sum(NUM_CODES), bounded))
    assert again.num_bytes > done.num_bytes  # blocks of 15 latents
    decoded = CodeFile(model, tmp_path / "short.utk", prior(sum(NUM_CODES), bounded)).codes()
    assert np.array_equal(np.concatenate(list(decoded)), done.codes)
    native = decode(model, tmp_path / "out.utk", prior=own)
    assert native.engine == "native" and native.wave is not None and len(native.wave) == 1990


def test_arrays_and_other_rates_are_read_as_prompts_are(tmp_path):
    model = Fake()
    wave = to_float(to_int16(tone(0.1)))
    done = encode(model, wave, tmp_path / "a.utk")
    clip = Clip("sound", to_int16(wave), {})
    assert np.array_equal(done.codes, ModelFrames(model, "p_bn").codes_of_clip(clip))
    write(tmp_path / "44.wav", np.stack([tone(0.1, 44100)] * 2, axis=1), 44100)
    notes = encode(model, tmp_path / "44.wav", tmp_path / "b.utk").notes
    assert any("44100" in note and str(RATE) in note for note in notes) and any("mono" in note for note in notes)


def test_what_cannot_be_encoded_is_refused_and_nothing_is_written(tmp_path, sound):
    model = Fake()
    write_bad_files(tmp_path / "bad")
    for name, noun in (
        ("nothing", "empty"),
        ("zero", "empty"),
        ("text", "audio"),
        ("nan", "NaN"),
        ("cut", "truncated"),
    ):
        with refuses(DataError, f"{name}.wav", noun):
            encode(model, tmp_path / "bad" / f"{name}.wav", tmp_path / "out.utk")
    with refuses(DataError, "empty"):
        encode(model, np.zeros(0, np.float32), tmp_path / "out.utk")
    assert encode(model, tmp_path / "bad/silent.wav", tmp_path / "silent.utk").header.seconds == 1
    (tmp_path / "taken.utk").write_text("mine")
    with refuses(UsageError, "taken.utk", "exists", "--force"):
        encode(model, sound, tmp_path / "taken.utk")
    with refuses(UsageError, "in.wav", "input"):
        encode(model, sound, sound, force=True)
    assert (tmp_path / "taken.utk").read_text() == "mine" and not (tmp_path / "out.utk").exists()
    encode(model, sound, tmp_path / "taken.utk", force=True)
    model.points = {"p_enc": model.points["p_enc"]}
    with refuses(UsageError, "codes", "vq"):
        encode(model, sound, tmp_path / "out.utk")


def test_what_cannot_be_decoded_is_refused_and_nothing_is_written(tmp_path, sound):
    model = Fake()
    encode(model, sound, tmp_path / "a.utk")
    data = (tmp_path / "a.utk").read_bytes()
    (tmp_path / "cut.utk").write_bytes(data[:-3])
    (tmp_path / "flipped.utk").write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    for name, noun in (("cut", "cut"), ("flipped", "checksum")):
        with refuses(DataError, f"{name}.utk", noun):
            decode(model, tmp_path / f"{name}.utk", tmp_path / "out.wav")
    with refuses(DataError, "in.wav", "not a code file"):
        decode(model, sound, tmp_path / "out.wav")
    with refuses(DataError, "a.utk", "model"):
        decode(Fake(seed=1), tmp_path / "a.utk", tmp_path / "out.wav")
    model.config = Fake.Config(kind="other")
    with refuses(DataError, "a.utk", "model"):
        decode(model, tmp_path / "a.utk", tmp_path / "out.wav")
    model.config = Fake.Config()
    with refuses(DataError, "thea", "theo"):
        decode(model, tmp_path / "a.utk", tmp_path / "out.wav", labels="thea")
    with refuses(UsageError, "out.xyz", ".wav"):
        decode(model, tmp_path / "a.utk", tmp_path / "out.xyz")
    assert not list(tmp_path.glob("out.*")) and not list(tmp_path.glob(".*partial*"))
