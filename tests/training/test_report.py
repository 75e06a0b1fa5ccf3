"""Progress on standard error: a line now and then where it is no terminal, and nothing when quiet."""

import pytest

from undertow.training import report
from undertow.training.means import Means
from undertow.training.report import Report, figures_text


def told(capsys: pytest.CaptureFixture[str], quiet: bool = False) -> list[str]:
    with Report(lambda loss: f"{loss:.2f} nats", step=0, quiet=quiet) as shown:
        for step in (1, 2):
            shown.step(step, 4, Means(float(step), {"code_use": 0.5}, 1.0), 1234.0)
        shown.say("[bold] is no markup")
    return capsys.readouterr().err.splitlines()


def test_lines_are_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    first, said = told(capsys)
    assert first.startswith("step 1 of 4") and first.endswith("1.00 nats, code use 0.5, 1,234 symbols/s")
    assert said == "[bold] is no markup"


def test_losses_are_smoothed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "LINE_SECONDS", -1.0)
    assert "1.05 nats" in told(capsys)[1]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, quiet=True) == []


def test_no_figures_are_no_text() -> None:
    assert figures_text({}) == "" and figures_text({"kl": 0.1234567}) == ", kl 0.1235"
