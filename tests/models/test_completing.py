"""Configs completed from data: the labels and the alphabet that a recipe leaves open."""

import pytest

from tests.refusals import refuses
from undertow.callbacks import silent
from undertow.data.told import Label, Told
from undertow.errors import DataError, UsageError
from undertow.models.completing import AUTO, choose_classes, choose_label, section, with_alphabet, with_rate

MOOD, TAKE = Label(("glad", "sad")), Label(tuple("0123"), is_useful=False)


def test_labels_that_do_not_sort_clips_into_classes_are_left_out():
    takes = Label(tuple(map(str, range(24))), is_useful=False)
    told = Told(real="sound", labels={"pitch": Label(("A", "B")), "take": takes})
    said: list[str] = []
    assert choose_classes("auto", told, said.append) == {"pitch": ["A", "B"]}
    assert len(said) == 1 and "'take'" in said[0]
    assert choose_classes(["take"], told, silent) == {"take": list(takes.classes or ())}
    assert choose_classes([], told, silent) == {}
    with refuses(DataError, "label 'pich'", "'pitch'"):
        choose_classes(["pich"], told, silent)
    with refuses(UsageError, "model.conditioner.labels", "'all'", "auto"):
        choose_classes("all", told, silent)


def test_the_only_useful_label_is_the_one_to_predict():
    told = Told(real="text", labels={"mood": MOOD, "take": TAKE})
    assert choose_label(AUTO, told) == ("mood", MOOD)
    assert choose_label("take", told) == ("take", TAKE)
    with refuses(DataError, "label 'mod'", "'mood'"):
        choose_label("mod", told)
    with refuses(DataError, "no label"):
        choose_label(AUTO, Told(real="text", labels={"take": TAKE}))
    with refuses(UsageError, "--set model.label=mood", "tone"):
        choose_label(AUTO, Told(real="text", labels={"mood": MOOD, "tone": MOOD}))


def test_the_datas_alphabet_is_fitted_and_a_recipes_comes_first():
    def fit(alphabet, side):
        return type(alphabet)(characters="abc")

    told = Told(real="text", alphabet={"kind": "characters"}, fit=fit)
    assert with_alphabet({}, told)["alphabet"]["characters"] == "abc"
    assert with_alphabet({"alphabet": {"kind": "bytes"}}, Told(real="text", alphabet={"kind": "characters"})) == {
        "alphabet": {"kind": "bytes"}
    }
    with refuses(UsageError, "model.alphabet", "mu_law", "sound", "text"):
        with_alphabet({"alphabet": {"kind": "mu_law"}}, told)


def test_the_rate_is_the_datas():
    told = Told(real="sound", sample_rate=8000)
    assert with_rate({}, told) == {"sample_rate": 8000}
    with refuses(UsageError, "model.sample_rate", 16000):
        with_rate({"sample_rate": 16000}, told)


@pytest.mark.parametrize("wrong", ["bytes", 3, ["kind"]])
def test_a_section_has_keys(wrong):
    assert section({}, "alphabet") == {}
    with refuses(UsageError, "alphabet", repr(wrong)):
        section({"alphabet": wrong}, "alphabet")
