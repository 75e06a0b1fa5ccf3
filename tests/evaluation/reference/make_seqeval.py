"""Make seqeval.json: F1 of random taggings by seqeval 1.2.2, which needs scikit-learn and so is not installed here.

pip install --target FOLDER seqeval==1.2.2; PYTHONPATH=FOLDER python tests/evaluation/reference/make_seqeval.py
"""

import json
import random
from pathlib import Path

from seqeval.metrics import classification_report, f1_score
from seqeval.scheme import IOB2, IOBES


def main() -> None:
    made = random.Random(7)
    cases = {}
    for name, places, scheme in (("iob2", "BI", IOB2), ("iobes", "BIES", IOBES)):
        tags = ["O", *(f"{place}-{kind}" for place in places for kind in ("x", "y"))]
        true = [[made.choice(tags) for _ in range(made.randint(1, 9))] for _ in range(60)]
        said = [[tag if made.random() < 0.7 else made.choice(tags) for tag in one] for one in true]
        report = classification_report(true, said, output_dict=True)
        cases[name] = {
            "true": [" ".join(one) for one in true],
            "said": [" ".join(one) for one in said],
            "f1": f1_score(true, said),
            "f1-strict": f1_score(true, said, mode="strict", scheme=scheme),
            "kinds": {
                kind: [report[kind][part] for part in ("precision", "recall", "f1-score")] for kind in ("x", "y")
            },
        }
    path = Path(__file__).with_name("seqeval.json")
    path.write_text(json.dumps(cases, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
