"""`undertow probe`: what can be read from a representation of sound."""

from pathlib import Path
from typing import TYPE_CHECKING

from undertow.cli.options import Device, Json
from undertow.errors import counted

if TYPE_CHECKING:
    from undertow.representation import ProbeRow

HEADING = ("features", "point", "probe", "target", "mean", "spread", "chance", "measure")


def probe(
    model: str,
    data: str,
    /,
    *,
    target: str,
    at: str | None = None,
    probe: str = "linear",
    seeds: int = 3,
    held_out: str = "split",
    labels: Path | None = None,
    tier: str | None = None,
    label_pattern: str | None = None,
    frequency: float | None = None,
    out: Path | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Train small classifiers on a model's representation of sound, and compare them with chance and with cepstra.

    A label of recordings, such as a speaker, is found from all frames of a recording: a frame's scores are averaged. A
    label of intervals, such as a phone, is found in each frame, and so is the mel spectrum, for which the mean error is
    given in dB.

    Args:
        model: Folder of a run or a checkpoint; mfcc; fbank; or a folder of .npy or .pt files, one for each recording.
        data: A named set or a folder of recordings.
        target: What to find: a label such as speaker, digit or pitch; phone; or mel.
        at: Points of the model, such as p_enc,p_proj,p_bn,p_cond; by default all.
        probe: Kinds of probes: linear, mlp (one hidden layer), or both, as linear,mlp.
        seeds: Number of seeds; the mean and the spread over them are given.
        held_out: What is tested on: split (the test split), or a label, such as speaker or take, a fifth of whose
            classes are held out.
        labels: File of labelled intervals of all recordings, .ctm, .rttm or .mlf; by default the files beside them.
        tier: Tier of TextGrids.
        label_pattern: Labels in the folder's file names, such as `{digit}_{speaker}_{take}`.
        frequency: Frames a second, of a folder of .npy or .pt files.
        out: A CSV file for the table.
    """
    from undertow.checkpoint import load
    from undertow.cli.outputs import check_file
    from undertow.cli.terminal import print_json, print_table, put, step_bar, tell
    from undertow.device import pick_device
    from undertow.representation import is_model, write_table
    from undertow.representation import probe as run

    if out is not None:
        check_file(out)
    given = load(model, pick_device(device)) if is_model(model) else model
    with step_bar("probing") as bar:
        found = run(
            given,
            data,
            target=target,
            at=_words(at),
            probes=_words(probe),
            seeds=seeds,
            held_out=held_out,
            labels=labels,
            tier=tier,
            label_pattern=label_pattern,
            frequency=frequency,
            progress=bar,
        )
    rows = [row if row.features != "this model" else row._replace(features=model) for row in found.rows]
    for note in found.notes:
        tell(note)
    if out is not None:
        write_table(out, rows)
    if json:
        print_json({"model": model, "data": data, "rows": [row._asdict() for row in rows], "seconds": found.seconds})
        return
    print_table([HEADING, *map(_cells, rows)], words=(0, 1, 2, 3, 7))
    put(
        f"{rows[0].num_train:,} to train on, {rows[0].num_test:,} to test on; mean and standard deviation over "
        f"{counted(len(rows[0].scores), 'seed')}, in {found.seconds:.1f} s"
    )


def _words(text: str | None) -> list[str]:
    return [] if text is None else [word.strip() for word in text.split(",")]


def _cells(row: "ProbeRow") -> tuple[str, ...]:
    numbers = (f"{value:.2f}" for value in (row.mean, row.spread, row.chance))
    return (Path(row.features).name, row.point, row.probe, row.target, *numbers, row.measure)
