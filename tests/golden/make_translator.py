"""Made `translator.engine` and `translator.txt`, once: `python -m tests.golden.make_translator`.

A small translator of random weights, and what it writes of some lines by greedy search, each below its line: what a
C++ program must write too.
"""

from pathlib import Path

from tests.cli.translators import translator
from undertow.decoding import translate
from undertow.native import export

GOLDEN = Path(__file__).parent
LINES = ["ein haus", "  alle hunde  ", "", "der mann liest.", "\u3000rot\u00a0", "ä", "aaaaaaaaaaaaaaaaaaaaaaa"]


def main() -> None:
    model = export(translator(gain=1.4), "bfloat16")
    assert model.engine_file is not None
    (GOLDEN / "translator.engine").write_bytes(model.engine_file)
    written = translate(model, LINES, beam=1).texts
    (GOLDEN / "translator.txt").write_text(
        "".join(f"{line}\n{text}\n" for line, text in zip(LINES, written, strict=True))
    )


if __name__ == "__main__":
    main()
