import numpy as np
import pytest
import soundfile
import torch

from tests.generation.models import KINDS, LABELS, RATE, build, frames, prompt
from tests.generation.symbol_models import pixel_model, roll_model, text_model
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.generation.ancestral import generate
from undertow.models.autoregressive import Autoregressive


def likely(model: Autoregressive, symbols: np.ndarray, labels: dict[str, int]) -> float:
    """Log-probability of rows of symbols, summed."""
    batch = torch.from_numpy(symbols)
    known = {name: torch.full((len(batch),), index) for name, index in labels.items()}
    with torch.no_grad():
        return float(model.eval().log_prob(Batch(batch, torch.ones_like(batch, dtype=torch.bool), known)).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_depends_on_neither_batch_nor_run(kind: str) -> None:
    model = build(kind)
    features = frames(20) if kind in ("features", "predicted") else None
    prompts = [prompt(25), prompt(4, seed=1), None]
    four = generate(model, num_steps=40, count=3, prompt=prompts, features=features, seed=5)
    for row in range(3):
        alone = generate(model, num_steps=40, rows=[row], prompt=prompts[row], features=features, seed=5)
        assert np.array_equal(alone.symbols[0], four.symbols[row])
        assert np.array_equal(alone.continued[0], four.continued[row])


def test_rows_and_seeds_differ_and_repeat() -> None:
    model = build()
    first = generate(model, num_steps=60, count=3).symbols
    assert np.array_equal(first, generate(model, num_steps=60, count=3).symbols)
    assert np.array_equal(first[:2], generate(model, num_steps=60, count=2).symbols)
    assert len({row.tobytes() for row in first}) == 3
    assert not np.array_equal(first, generate(model, num_steps=60, count=3, seed=1).symbols)


def test_a_shared_prompt_is_primed_once_and_gives_what_copies_of_it_give() -> None:
    model = build("labels")
    shared = generate(model, num_steps=30, count=4, prompt=prompt(22), labels="theo")
    copies = generate(model, num_steps=30, prompt=[prompt(22)] * 4, labels={"speaker": ["theo"] * 4})
    assert np.array_equal(shared.symbols, copies.symbols)
    assert np.array_equal(shared.symbols[1:], generate(model, num_steps=30, rows=[1, 2, 3], prompt=prompt(22),
                                                       labels="theo").symbols)  # fmt: skip


def test_labels_say_what_is_drawn() -> None:
    model = build("labels")
    drawn = {name: generate(model, num_steps=200, count=4, labels=name).symbols for name in LABELS["speaker"]}
    for name, symbols in drawn.items():
        own = LABELS["speaker"].index(name)
        others = [likely(model, symbols, {"speaker": index}) for index in range(3) if index != own]
        assert likely(model, symbols, {"speaker": own}) > max(others)


def test_each_row_may_have_its_own_label() -> None:
    model = build("labels")
    mixed = generate(model, num_steps=30, count=3, labels={"speaker": ["theo", None, "lucas"], "digit": "1"})
    for row, labels in enumerate((["theo", "1"], ["digit=1"], ["lucas", "1"])):
        alone = generate(model, num_steps=30, rows=[row], labels=labels)
        assert np.array_equal(alone.symbols[0], mixed.symbols[row])


def test_the_continuation_goes_on_from_the_prompt() -> None:
    model = build()
    made = generate(model, num_steps=50, prompt=prompt(30))
    whole = model.alphabet.encode(made.continued[0])
    assert np.array_equal(whole[:30], prompt(30)) and np.array_equal(whole[30:], made.symbols[0])
    assert np.array_equal(made.real, model.alphabet.decode(made.symbols)) and made.real.dtype == np.float32
    again = generate(model, num_steps=50, prompt=made.continued[0][:30])
    assert np.array_equal(again.symbols, made.symbols)
    assert not np.array_equal(generate(model, num_steps=50, prompt=prompt(30, seed=3)).symbols, made.symbols)


def test_only_the_receptive_field_of_a_prompt_matters() -> None:
    model = build()
    field = model.receptive_field
    assert field == 15
    end = prompt(field, seed=2)
    long, other = np.concatenate([prompt(90), end]), np.concatenate([prompt(7, seed=8), end])
    expected = generate(model, num_steps=40, prompt=end).symbols
    assert np.array_equal(generate(model, num_steps=40, prompt=long).symbols, expected)
    assert np.array_equal(generate(model, num_steps=40, prompt=other).symbols, expected)


def test_frequencies_are_the_probabilities() -> None:
    model = build(num_levels=4)
    counts = np.bincount(generate(model, num_steps=1, count=4000).symbols[:, 0], minlength=4)
    one = torch.arange(4)[:, None]
    with torch.no_grad():
        expected = 4000 * model.log_prob(Batch(one, torch.ones_like(one, dtype=torch.bool)))[:, 0].exp()
    assert (abs(counts - expected.numpy()) < 5 * expected.numpy() ** 0.5 + 1).all()


def test_temperature_zero_takes_the_most_probable() -> None:
    model = build()
    greedy = generate(model, num_steps=40, count=2, sampling=Sampling(temperature=0), seed=3).symbols
    assert np.array_equal(greedy[0], greedy[1])
    assert np.array_equal(greedy, generate(model, num_steps=40, count=2, sampling=Sampling(top_k=1)).symbols)
    assert np.array_equal(greedy, generate(model, num_steps=40, count=2, sampling=Sampling(top_p=1e-9)).symbols)
    assert likely(model, greedy, {}) > likely(model, generate(model, num_steps=40, count=2).symbols, {})


def test_length_in_seconds_and_speed() -> None:
    made = generate(build(), seconds=0.25, count=2)
    assert made.symbols.shape == (2, 25) and made.sample_rate == RATE
    assert made.samples_per_second == pytest.approx(50 / made.seconds)
    assert made.real_time_factor == pytest.approx(made.seconds / 0.5)
    assert (made.engine, made.precision, made.num_threads) == ("torch", "float64", torch.get_num_threads())


def test_features_say_how_long() -> None:
    model = build("features")
    assert generate(model, features=frames(15)).symbols.shape == (1, 60)
    assert generate(model, features=frames(15), prompt=prompt(20)).symbols.shape == (1, 40)
    first, second = (generate(model, features=frames(15, seed)).symbols for seed in (0, 1))
    assert not np.array_equal(first, second)


REFUSED = [
    ("embedding", dict(), ["seconds", "num_steps"]),
    ("embedding", dict(seconds=1, num_steps=100), ["seconds", "num_steps"]),
    ("embedding", dict(num_steps=0), ["num_steps is 0"]),
    ("embedding", dict(seconds=-1.0), ["seconds is -1.0"]),
    ("embedding", dict(seconds=float("nan")), ["seconds is nan"]),
    ("embedding", dict(num_steps=5, count=0), ["count", 1]),
    ("embedding", dict(num_steps=5, count=2, rows=[1]), ["count is 2", "1 row numbers"]),
    ("embedding", dict(num_steps=5, count=3, prompt=[prompt(2), prompt(3)]), ["2 prompts", "3 rows"]),
    ("embedding", dict(num_steps=5, seed=-1), ["seed is -1"]),
    ("embedding", dict(num_steps=5, engine="cuda"), ["engine 'cuda'"]),
    ("scalar", dict(num_steps=5, sampling=Sampling(top_k=3)), ["top_k", "categorical"]),
    ("scalar", dict(num_steps=5, sampling=Sampling(top_p=0.5)), ["top_p", "categorical"]),
    ("features", dict(num_steps=61, features=frames(15)), ["61 steps", 60]),
    ("features", dict(prompt=prompt(60), features=frames(15)), ["prompt", "60 steps"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "parts"), REFUSED)
def test_refuses(kind: str, options: dict, parts: list) -> None:
    with refuses(UsageError, *parts):
        generate(build(kind), **options)


def test_a_bounded_network_refuses_what_it_cannot_hold() -> None:
    model = build()
    model.network.max_length = 50
    assert generate(model, num_steps=20, prompt=prompt(30)).symbols.shape == (1, 20)
    with refuses(UsageError, "21 steps", 20):
        generate(model, num_steps=21, prompt=prompt(30))
    with refuses(UsageError, "prompt", "50 steps", "network"):
        generate(model, num_steps=1, prompt=prompt(50))


def test_damaged_weights_are_an_error_not_noise() -> None:
    model = build()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with refuses(DataError, "not a number"):
        generate(model, num_steps=5)


def test_fault_27_results_save_themselves(tmp_path):
    for name, model, out, files in (
        ("text", text_model(), "a.txt", ["a-1.txt", "a-2.txt"]),
        ("roll", roll_model(), "rolls", ["rolls/1.npz", "rolls/2.npz"]),
        ("pixel", pixel_model(), "x.png", ["x.png"]),
        ("pixel", pixel_model(), "images", ["images/1.png", "images/2.png"]),
    ):
        steps = 36 if name == "pixel" else 5
        made = generate(model, num_steps=steps, count=2, prompt="the" if name == "text" else None)
        assert made.save(tmp_path / out) == [tmp_path / file for file in files]
        assert all((tmp_path / file).stat().st_size for file in files)
    texts = generate(text_model(), num_steps=5, count=2, prompt="the").continued
    assert (tmp_path / "a-2.txt").read_text("utf-8") == texts[1]
    sound = generate(build("embedding"), num_steps=300, seed=1)
    for name in ("a.wav", "a.flac"):
        assert sound.save(str(tmp_path / name)) == [tmp_path / name]
        wave, rate = soundfile.read(tmp_path / name, dtype="float32")
        assert rate == 100 and np.abs(wave - sound.continued[0]).max() < 1e-4
    with refuses(UsageError, "a.mp3", "100 Hz"):
        sound.save(tmp_path / "a.mp3")
    with refuses(UsageError, "x.png", "5", "36"):
        generate(pixel_model(), num_steps=5).save(tmp_path / "x.png")
