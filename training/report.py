"""A model's report in Markdown, from its row alone: `python -m training.report VERSION [--out FILE]`."""

import argparse
import sys
from pathlib import Path
from typing import Any

from market.console import run_command
from market.settings import get_settings
from training import registry
from training.registry import Model

SCORES = ("skill", "log_loss", "base_log_loss", "auc", "brier", "f_half")
HEADINGS = ("label", "known", "rate", "skill", "log-loss", "base rate's", "AUC", "Brier", "F0.5", "threshold")


def render(model: Model) -> str:
    """The report's text. Scores are the test fold's, which neither the fit nor the thresholds have seen."""
    test = model.metrics["test"]
    return (
        "\n\n".join(
            [
                f"# Model {model.version}",
                _facts(model),
                "## Data",
                _table(
                    ("fold", "from", "to", "samples"),
                    [
                        (name, span["from"], span["to"], span["samples"])
                        for name, span in model.metrics["folds"].items()
                    ],
                ),
                "Folds follow each other in time; samples whose label reaches into the next fold are left out.",
                "## Test scores",
                _table(HEADINGS, [_label_row(name, scores) for name, scores in test["labels"].items()]),
                "Skill is 1 - log-loss / log-loss of the training base rate; always saying the base rate scores 0.",
                _overall(test),
                *_details(test),
                "## Training",
                _table(
                    ("epoch", "training loss", "validation loss"),
                    [
                        (n, _number(losses["train"]), _number(losses["validation"]))
                        for n, losses in enumerate(model.metrics["curve"], start=1)
                    ],
                ),
                f"Kept: epoch {model.metrics['best_epoch']}, the lowest validation loss. Its logits were then drawn "
                f"towards the base rate by {model.metrics['temper']:.2f} (1 leaves them), best on validation.",
            ]
        )
        + "\n"
    )


def _facts(model: Model) -> str:
    features = model.metrics["features"]
    return _table(
        ("what", "value"),
        [
            ("status", f"{model.status} of {model.symbol_set}"),
            ("symbols", ", ".join(model.metrics["symbols"])),
            ("input", f"{model.window} bars of {features['all']} features, {features['varying']} varied in training"),
            ("catalogue", model.feature_hash),
            ("sha256", model.sha256),
        ],
    )


def _label_row(name: str, scores: dict[str, Any]) -> tuple[Any, ...]:
    return (
        name,
        scores["count"],
        _number(scores["rate"]),
        *(_number(scores[key]) for key in SCORES),
        _number(scores["threshold"]),
    )


def _overall(test: dict[str, Any]) -> str:
    direction = test["direction_auc"]
    return (
        f"All four right: {_number(test['subset_accuracy'])} of bars; wrong labels (Hamming): "
        f"{_number(test['hamming_loss'])}. Direction AUC, where exactly one of up and down came (0.5 is chance): "
        f"near {_number(direction['near'])}, far {_number(direction['far'])}."
    )


def _details(test: dict[str, Any]) -> list[str]:
    parts = ["## Calibration by deciles, and decisions"]
    for name, scores in test["labels"].items():
        counts = scores["confusion"]
        parts += [
            f"### {name}",
            _table(
                ("tenth", "said", "came", "bars"),
                [
                    (n, _number(group["said"]), _number(group["came"]), group["count"])
                    for n, group in enumerate(scores["deciles"], start=1)
                ],
            ),
            _table(
                (f"threshold {_number(scores['threshold'])}", "came", "did not"),
                [
                    ("said", counts["true_positive"], counts["false_positive"]),
                    ("not said", counts["false_negative"], counts["true_negative"]),
                ],
            ),
        ]
    return parts


def _table(headings: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def main(version: str, out: Path | None = None) -> Path:
    """Writes the report and returns its path. Raises ModelNotFound."""
    path = out or get_settings().local.var / "reports" / f"{version}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(registry.inspect(version)))
    return path


def command() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.report", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("--out", type=Path, help="default: var/reports/VERSION.md")
    given = parser.parse_args()
    print(main(given.version, given.out))


if __name__ == "__main__":
    sys.exit(run_command(command))
