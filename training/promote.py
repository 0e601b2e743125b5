"""The gate between a trained model and the live one: `python -m training.promote VERSION`.

Bars are the newest with labels that no compared model used: from the latest `unseen_from` on, scored again by
onnxruntime from the stored bytes after their sha256 is checked. Every challenger must be sane there: finite
probabilities, no label's skill below SKILL_FLOOR, mean skill not below MEAN_FLOOR (one quiet quarter may cost a good
model a little against the base rate; a broken one loses far more). With a champion it must also have the lower mean
log-loss on the same bars. A champion of another catalogue, or one whose bytes are spoilt, serves nobody any more (the
worker refuses it), so it cannot be compared and being sane is enough to replace it.

Exit status: 0 promoted, 3 refused; the last line says why.
"""

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from market.console import run_command
from market.errors import MarketError
from market.features import catalogue
from market.settings import get_settings
from training import TARGETS, dataset, export, registry
from training.dataset import Floats, Rows, Snapshot
from training.evaluate import evaluate
from training.registry import Model

SKILL_FLOOR, MEAN_FLOOR = -0.05, -0.02
MIN_BARS = 100  # below it a comparison is mostly the last few moves
SCORE_BATCH = 4096
REFUSED = 3


@dataclass(frozen=True)
class Verdict:
    promoted: bool
    reason: str


def main(version: str) -> Verdict:
    """Judges the challenger and promotes it if it passes. Raises ModelNotFound, WrongStatus."""
    challenger = registry.inspect(version)
    if challenger.status != "challenger":
        raise registry.WrongStatus(f"model {version} is {challenger.status}, not a challenger")
    champion = registry.champion(challenger.symbol_set)
    verdict = judge(challenger, champion)
    if verdict.promoted:
        registry.promote(version, champion.version if champion else None)
    return verdict


def judge(challenger: Model, champion: Model | None) -> Verdict:
    """The gate without its consequences; reads feature rows and labels, writes nothing."""
    try:
        registry.verified(challenger)
    except registry.ModelTampered as error:
        return Verdict(False, str(error))
    if challenger.feature_hash != catalogue().hash:
        return Verdict(
            False,
            f"{challenger.version} was trained on catalogue {challenger.feature_hash}, now it is {catalogue().hash}",
        )
    unfit = why_not_comparable(champion) if champion else "there is no champion"
    rivals = [challenger] if unfit or champion is None else [challenger, champion]
    try:
        snapshot, ends = unseen_bars(rivals)
    except dataset.TooFewRows as error:
        return Verdict(False, str(error))
    scores = [score(model, snapshot, ends) for model in rivals]
    fault = insanity(scores[0])
    if fault:
        return Verdict(False, fault)
    if champion is None or unfit:
        return Verdict(True, f"{unfit}; mean skill {scores[0]['mean']['skill']:+.4f} on {len(ends)} unseen bars")
    return _compare(champion.version, scores[0], scores[1], len(ends))


def why_not_comparable(champion: Model) -> str:
    """Empty when the champion can be scored on today's rows."""
    if champion.feature_hash != catalogue().hash:
        return f"champion {champion.version} is of catalogue {champion.feature_hash} and can no longer serve"
    try:
        registry.verified(champion)
    except registry.ModelTampered as error:
        return str(error)
    return ""


def unseen_bars(models: list[Model]) -> tuple[Snapshot, Rows]:
    """Labelled bars of the first model's symbols that none of the models used, each with a full window for all.

    Raises TooFewRows when there are fewer than MIN_BARS.
    """
    unseen = max(_moment(model.metrics["unseen_from"]) for model in models)
    window = max(model.window for model in models)
    snapshot = dataset.load(tuple(models[0].metrics["symbols"]), unseen, history=window - 1)
    samples = snapshot.samples(window)
    ends = samples[snapshot.bar_ends[samples] >= np.datetime64(unseen, "us")]
    if len(ends) < MIN_BARS:
        raise dataset.TooFewRows(
            f"only {len(ends)} labelled bars since {unseen} UTC are new to every model, {MIN_BARS} are needed: "
            "wait for more bars"
        )
    return snapshot, ends


def score(model: Model, snapshot: Snapshot, ends: Rows) -> dict[str, Any]:
    """The scores of the stored bytes on the windows that end at `ends`, against the model's own base rate."""
    runtime = export.session(model.onnx)
    parts: list[Floats] = [
        export.probabilities(runtime, snapshot.windows(ends[first : first + SCORE_BATCH], model.window))
        for first in range(0, len(ends), SCORE_BATCH)
    ]
    return evaluate(
        np.concatenate(parts), snapshot.labels[ends], np.array(model.metrics["base_rate"]), model.thresholds
    )


def insanity(scores: dict[str, Any]) -> str:
    """Why these scores rule a model out; empty when they do not."""
    for name in TARGETS:
        skill = scores["labels"][name]["skill"]
        if not np.isfinite(skill):
            return f"{name} has no finite score (skill {skill})"
        if skill < SKILL_FLOOR:
            return f"{name} is worse than the base rate: skill {skill:+.4f}, floor {SKILL_FLOOR}"
    mean = scores["mean"]["skill"]
    return "" if mean >= MEAN_FLOOR else f"mean skill {mean:+.4f} is below {MEAN_FLOOR}: the base rate forecasts better"


def _compare(version: str, challenger: dict[str, Any], champion: dict[str, Any], bars: int) -> Verdict:
    new, old = challenger["mean"]["log_loss"], champion["mean"]["log_loss"]
    better = new < old
    return Verdict(
        better,
        f"mean log-loss {new:.5f} is {'better' if better else 'not better'} than {old:.5f} of champion {version} "
        f"on the same {bars} unseen bars",
    )


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso).astimezone(UTC).replace(tzinfo=None)


def command(arguments: list[str] | None = None) -> int:
    parse = argparse.ArgumentParser(prog="python -m training.promote", description=(__doc__ or "").splitlines()[0])
    what = parse.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="the challenger")
    what.add_argument("--rollback", action="store_true", help="retire the champion, bring back the one before it")
    parse.add_argument("--symbol-set", default=get_settings().worker.symbol_set, help="for --rollback")
    given = parse.parse_args(arguments)
    try:
        if given.rollback:
            returned, retired = registry.rollback(given.symbol_set)
            print(f"rolled back: {returned} is champion again, {retired} is retired")
            return 0
        verdict = main(given.version)
    except MarketError as error:
        print(f"refused: {error}")
        return REFUSED
    print(f"{'promoted' if verdict.promoted else 'refused'}: {given.version}: {verdict.reason}")
    return 0 if verdict.promoted else REFUSED


if __name__ == "__main__":
    sys.exit(run_command(command))
