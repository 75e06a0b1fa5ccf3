"""The README's table: a selection of figures, including some that miss their targets."""

import re

from benchmarks.tables import EMPTY, Line, budget, how, met, table, value

BEST = "the best translator"  # stands for the figure of the highest BLEU from English to German
BLEU = "en-de: BLEU, test 2016"
HEADLINES = [  # id, figure, threads, and its name in the table
    ("S1", "native int8, 1 stream", 1, "30-layer WaveNet, one stream, int8 engine"),
    ("S1", "native int8, 1 stream", 2, "the same on two threads"),
    (
        "S1",
        "native int8, 1 stream, over the plain generator",
        1,
        "one thread, relative to a plain PyTorch generator with queues",
    ),
    (
        "S2",
        "native float32, 64 streams, share of the matrix peak",
        1,
        "64 streams, float32: share of the peak of matrix products",
    ),
    ("S3", "int8 over float32", 1, "likelihood lost by int8"),
    ("S4", "native int8: chunk of 20 ms, p99", 1, "99th percentile of the latency of a 20 ms chunk, int8"),
    (
        "S5",
        "exponent of a step's time in steps before it, native float32",
        1,
        "exponent of a step's time in the steps before it (0: constant)",
    ),
    ("S6", "ratio", 2, "training throughput, relative to plain `nn.Conv1d`"),
    (
        "S7",
        "bytenet, native over uncached, 256 symbols, 1 row",
        1,
        "ByteNet engine, relative to uncached torch, 256 symbols",
    ),
    ("Q1", "wavenet-fsdd", 2, "`wavenet-fsdd`: held-out spoken digits"),
    (
        "Q2",
        "transformer-tinyshakespeare-small, windows",
        1,
        "`transformer-tinyshakespeare-small`: characters of Shakespeare",
    ),
    ("Q3", "tcn-jsb, test", 1, "`tcn-jsb`: chorales"),
    ("Q3", "gru-nottingham, test", 1, "`gru-nottingham`: folk tunes"),
    ("Q4", "tcn-mnist, test", 1, "`tcn-mnist`: digits pixel by pixel"),
    ("Q4", "gru-mnist, test", 1, "`gru-mnist`: the same with a GRU"),
    ("Q5", BEST, None, "{}: English to German, the best"),
    ("Q5", f"transformer-multi30k {BLEU}", 1, "`transformer-multi30k`: the same, by the 30-minute recipe"),
    ("Q5", f"rnn-attention-multi30k {BLEU}", 1, "`rnn-attention-multi30k`: a GRU with attention"),
    ("Q5", f"rnn-multi30k {BLEU}", 1, "`rnn-multi30k`: an LSTM without attention"),
    ("Q5", f"bytenet-multi30k {BLEU}", 1, "`bytenet-multi30k`: convolutions only"),
    ("Q5", f"bytenet-multi30k-characters {BLEU}", 1, "`bytenet-multi30k-characters`: the same on characters"),
    (
        "Q5",
        "rnn-attention-fsdd, word error, takes that were held out",
        1,
        "`rnn-attention-fsdd`: word error on held-out spoken digits",
    ),
    ("Q6", "gated-pixelcnn-binarized-mnist, test", 1, "`gated-pixelcnn-binarized-mnist`: digits in black and white"),
    (
        "Q7",
        "context-camvid over front-camvid, mean of 3 seeds",
        1,
        "`context-camvid`: what the context module adds to the front end",
    ),
    (
        "Q10",
        "KL + power, 42 minutes: student's sound, away from the teacher's own",
        1,
        "`clarinet-fsdd`: a student's sound, less likely than its teacher's own",
    ),
    ("Q11", "mcd, fsdd, WaveNet", 1, "`vocoder-fsdd`: mel-cepstral distortion, dB; target: Griffin and Lim's"),
    ("Q12", "phones-prompts, test", 1, "`phones-prompts`: frames of speech; target: the same without dilation"),
    ("Q12", "words-gsd, test", 1, "`words-gsd`: Chinese words; target: the same without dilation"),
    (
        "Q13",
        "words right, held-out prompts spoken",
        1,
        "`speak-prompts-phones`: words understood of texts that were held out; target: 70 % of those in real speech",
    ),
    ("Q13", "digits right, spoken", 1, "`speak-fsdd`: digits understood"),
]


def summary(lines: list[Line]) -> str:
    """The table, of those headlines that were recorded; a line that is already there is not shown again."""
    found: list[tuple[Line, str]] = []
    for id, figure, threads, label in HEADLINES:
        line = pick(lines, id, figure, threads)
        if line is not None and all(line is not shown for shown, _ in found):
            found.append((line, label))
    if not found:
        return EMPTY
    header = ["", "figure", "value", "target", "met", "made with"]
    rows = [
        [line["id"], _name(label, line), value(line), line["target"], met(line), _budget(line)] for line, label in found
    ]
    machines: dict[str, list[str]] = {}
    for line, _ in found:
        ids = machines.setdefault(line["hardware"], [])
        ids += [line["id"]] * (line["id"] not in ids)
    measured = "; ".join(f"{', '.join(ids)} on {machine}" for machine, ids in machines.items())
    return f"{table(header, rows)}\nMeasured: {measured}.\n"


def pick(lines: list[Line], id: str, figure: str, threads: int | None) -> Line | None:
    """The latest line of a headline, on whatever machine; `threads` None for any number."""
    of = [line for line in lines if line["id"] == id and threads in (line["threads"], None)]
    if figure == BEST:
        return max((line for line in of if line["figure"].endswith(BLEU)), key=lambda line: line["value"], default=None)
    return max((line for line in of if line["figure"] == figure), key=lambda line: line["date"], default=None)


def _name(label: str, line: Line) -> str:
    return label.format(f"`{line['figure'].split()[0]}`")


def _budget(line: Line) -> str:
    """The length of training and the minutes planned; for speeds, the threads."""
    for part in how(line):
        if found := re.match(r"([\d,]+ updates in \d+ minutes?)", part):
            planned = budget(line)
            return found[1] + (f" ({planned} planned)" if planned else "")
    return f"{line['threads']} thread{'s' if line['threads'] != 1 else ''}"
