"""Pronunciations learnt from texts and their phones."""

import numpy as np

from undertow.data.pronunciations import learn_words

WORDS = {"tea": "T IY", "tax": "T AE K S", "oak": "OW K", "ex": "EH K S", "see": "S IY", "koala": "K OW AA L AH"}


def test_words_are_found_in_running_speech() -> None:
    random = np.random.default_rng(0)
    spoken = []
    for _ in range(40):
        words = [str(one) for one in random.choice(list(WORDS), 5)]
        phones = ["SIL", *" ".join(WORDS[one] for one in words[:2]).split(), "SIL"]
        spoken.append((words, phones + " ".join(WORDS[one] for one in words[2:]).split()))
    assert learn_words(spoken, "SIL") == dict(sorted(WORDS.items()))


def test_texts_without_a_path_are_left_out() -> None:
    assert learn_words([(["a"], ["A", "B", "C", "D"]), ([], ["A"]), (["b"], []), (["a"], ["A"])], "SIL") == {"a": "A"}
    assert learn_words([], "SIL") == {}
