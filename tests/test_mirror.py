"""Tests mirror the package: `tests/ROOM/test_FILE.py`, or `test_FILE_ASPECT.py`, holds `src/undertow/ROOM/FILE.py`.

`test_every_….py` runs over all of a room, and tests beside this one over the whole package.
"""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What is held by the tests of another file: of what uses it, or of every file of its kind.
HELD_BY = {
    "alphabets/test_every_alphabet_of_sound.py": ["alphabets/alphabet"],
    "bottlenecks/test_every_bottleneck.py": [
        "bottlenecks/bottleneck",
        "bottlenecks/linear",
        "bottlenecks/vector_quantiser",
    ],
    "models/test_collapse.py": ["models/examined"],
    "recipes/test_spoken_measure.py": ["evaluation/takes"],
    "models/test_student.py": ["models/distilling", "models/generating", "models/teacher"],
    "distillation/test_density.py": ["distillation/config", "emissions/base_noise", "emissions/continuous"],
    "recipes/test_distilling.py": ["evaluation/distillation", "recipes/teaching"],
    "cli/test_distil.py": ["cli/score_distillation", "cli/training"],
    "cli/test_abx.py": ["cli/items"],
    "cli/test_compare.py": ["recipes/comparing"],
    "cli/test_cost.py": ["cost/generation_speed", "cost/paper_wavenet"],
    "cli/test_bench.py": ["cost/stepping_speed"],
    "cli/test_data.py": ["cli/data_lines"],
    "cli/test_every_verb.py": ["__main__", "callbacks", "cli/options"],
    "cli/test_generate.py": ["cli/generating", "cli/outputs", "cli/request", "cli/rows"],
    "cli/test_plot.py": ["pictures/attention"],
    "cli/test_score.py": ["cli/score_lines", "recipes/scoring"],
    "cli/test_segment.py": ["cli/score_segmentation"],
    "cli/test_classify.py": ["cli/classify_items", "cli/standard_input"],
    "cli/test_transcribe.py": ["cli/score_speech", "decoding/transcribing"],
    "cli/test_tag.py": [
        "cli/tag_files",
        "cli/score_tags",
        "evaluation/tag_scores",
        "prediction/tag_items",
        "prediction/tagging",
    ],
    "cli/test_translate.py": ["cli/translate_lines", "cli/translator"],
    "cli/test_encode.py": ["cli/decode"],
    "coding/test_coders.py": ["coding/adaptive"],
    "data/test_audio.py": ["data/sound_formats"],
    "data/test_load.py": ["data/clip_reader"],
    "data/test_batches.py": ["data/examples", "data/needs"],
    "data/test_catalogue.py": ["data/checksums", "data/named_set"],
    "data/test_describe.py": ["data/describe_tagged", "data/describe_text"],
    "data/test_text.py": ["data/lines"],
    "decoding/test_beam.py": ["decoding/batches"],
    "discrimination/test_abx_error.py": ["discrimination/recordings"],
    "emissions/test_every_emission.py": ["emissions/emission"],
    "generation/test_ancestral.py": ["generation/rows"],
    "media/test_every_medium.py": [
        "media/arrays",
        "media/images",
        "media/medium",
        "media/notes",
        "media/text",
    ],
    "media/test_spectrogram.py": ["media/figure"],
    "models/test_classifier.py": ["evaluation/prediction"],
    "models/test_denoiser.py": ["evaluation/denoising"],
    "models/test_completing.py": ["data/told"],
    "models/test_masked.py": ["models/masked_content"],
    "native/test_lowering.py": ["native/builder", "native/convolutions", "native/excitation", "native/pixels"],
    "native/test_quantise.py": ["evaluation/calibration", "native/trace", "native/trace_clocks"],
    "networks/test_every_labeller.py": [
        "networks/bilstm",
        "networks/context_filter",
        "networks/labeller",
        "networks/sequence_context",
        "networks/transformer_labeller",
    ],
    "networks/test_every_frame_encoder.py": [
        "networks/dilated_encoder",
        "networks/frame_encoder",
        "networks/speech_encoder",
    ],
    "networks/test_every_encoder_decoder.py": ["networks/encoder_decoder", "networks/seq2seq_rnn_attention"],
    "pictures/test_translation_map.py": ["pictures/drawing"],
    "reconstruction/test_interpolating.py": ["pictures/interpolation", "reconstruction/latents"],
    "representation/test_probing.py": ["representation/probe_results"],
    "representation/test_sources.py": ["representation/frame_files"],
    "recipes/test_every_task.py": ["recipes/tasks/*", "recipes/clips"],
    "recipes/test_exporting.py": ["recipes/excerpt"],
    "recipes/test_recipe.py": ["recipes/load_or_build"],
    "recipes/test_run_self_supervised.py": ["cli/score_self_supervised"],
    "recipes/test_run_pairs.py": ["recipes/bleu_measure", "training/measure"],
    "session/test_session.py": ["session/likelihood", "session/stepped"],
    "speaking/test_speaking.py": ["models/speaking"],
    "cli/test_speak.py": ["pictures/speech"],
    "training/test_trainer.py": ["training/config", "training/forward", "training/gradients"],
    "cli/test_train.py": ["cli/average"],
}


@cache
def sources() -> set[Path]:
    """Every file of the package, and every benchmark, without its suffix; those of `__init__.py` are their packages."""
    package, scripts = ROOT / "src/undertow", ROOT / "benchmarks"
    found = {path.relative_to(package).with_suffix("") for path in package.rglob("*.py")}
    return found | {path.relative_to(ROOT).with_suffix("") for path in scripts.glob("*.py")}


def mirrored(test: Path) -> Path | None:
    """The file that a test is named after: the longest name that its own begins with."""
    words = test.stem.split("_")[1:]
    known = sources()
    names = ("_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((test.parent / name for name in names if test.parent / name in known), None)


def below_rooms() -> list[Path]:
    """Test files below a room."""
    every = (path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py"))
    return sorted(path for path in every if len(path.parts) > 1)


def test_each_test_file_is_named_after_a_source_file() -> None:
    assert [
        str(test) for test in below_rooms() if mirrored(test) is None and not test.name.startswith("test_every_")
    ] == []


def test_each_source_file_has_its_test() -> None:
    own = {mirrored(test) for test in below_rooms()} | {
        Path(one.stem[5:]) for one in (ROOT / "tests").glob("test_*.py")
    }
    lacking = {one for one in sources() - own if one.name != "__init__" and one.parts[0] != "benchmarks"}
    patterns = [name for names in HELD_BY.values() for name in names]
    assert [str(one) for one in lacking if not any(one.match(name) for name in patterns)] == []
    assert [name for name in patterns if not any(one.match(name) for one in lacking)] == []
    assert [test for test in HELD_BY if not (ROOT / "tests" / test).exists()] == []
