"""Snapshot, train, evaluate, export, register a challenger: `main` reads from top to bottom.

No positive weights by default. They were measured (EURUSD hourly 2017, seeds 7 and 8, mean test skill): weights of
(1 - rate) / rate, undone by subtracting ln(weight) from the logits, gave 0.075 and 0.057; none at all 0.077 and 0.055.
So they bring nothing, and left in they would make every probability too high.

Instead the fitted logits are drawn towards the base rate by one factor, the best on validation. Measured the same way
on six spans of that year: mean test skill 0.033 with it, 0.025 without; the gain is where the history is short.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from market.console import run_command
from market.features import catalogue
from market.settings import get_settings
from training import dataset, export, registry
from training.dataset import Floats, Rows, Snapshot
from training.evaluate import choose_thresholds, evaluate
from training.model import MoveModel, masked_loss

Floats64 = NDArray[np.float64]

THREADS = 1  # the steps are so small that a second thread mostly waits: same wall time, and kinder to the neighbours
PREDICT_BATCH = 1024
TEMPERS = np.linspace(0.05, 1.0, 20)  # never 0: a constant has no order left to set thresholds by
RATE_MARGIN = 1e-3  # a label that never came in training still has a finite logit


def main(
    symbols: tuple[str, ...] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    epochs: int | None = None,
    symbol_set: str | None = None,
) -> str:
    """Trains on start <= bar_end <= end (naive UTC; all there is by default) and returns the challenger's version."""
    settings = get_settings().training
    symbols = symbols or tuple(get_settings().instruments)
    epochs = epochs or settings.epochs
    began = time.perf_counter()
    torch.set_num_threads(THREADS)
    torch.manual_seed(settings.seed)

    # snapshot and split
    snapshot = dataset.load(symbols, start, end)
    folds = dataset.split(snapshot, settings.window, settings.validation_share, settings.test_share)
    norm = dataset.normalisation(snapshot, folds.train)
    base_rate = _base_rate(snapshot.labels[folds.train])  # (4,)

    # fit
    model = MoveModel(
        mean=torch.from_numpy(norm.mean),
        std=torch.from_numpy(norm.std),
        varying=torch.from_numpy(norm.varying),
        base_rate=torch.from_numpy(base_rate),
        hidden=settings.hidden,
        dropout_in=settings.dropout_in,
        dropout_out=settings.dropout_out,
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    generator = np.random.default_rng(settings.seed)
    curve: list[dict[str, float]] = []
    best_loss, best_epoch, best_state = float("inf"), 0, model.state_dict()
    bar = tqdm(range(1, epochs + 1), desc="train", unit="epoch")
    for epoch in bar:
        train_loss = _train_epoch(model, optimiser, snapshot, generator.permutation(folds.train))
        validation_loss = masked_loss(
            _logits(model, snapshot, folds.validation), torch.from_numpy(snapshot.labels[folds.validation])
        ).item()
        curve.append({"train": train_loss, "validation": validation_loss})
        bar.set_postfix(train=f"{train_loss:.4f}", validation=f"{validation_loss:.4f}")
        _write_progress(epoch, epochs)
        if validation_loss < best_loss:
            best_loss, best_epoch = validation_loss, epoch
            best_state = {name: value.clone() for name, value in model.state_dict().items()}
        elif epoch - best_epoch >= settings.patience:
            break
    bar.close()
    _write_progress(epochs, epochs)  # an early stop is done too
    model.load_state_dict(best_state)
    temper = _best_temper(_logits(model, snapshot, folds.validation), snapshot.labels[folds.validation], base_rate)
    model.temper(temper, torch.from_numpy(base_rate))

    # evaluate: thresholds from validation, scores from test, which nothing above has seen
    validation = torch.sigmoid(_logits(model, snapshot, folds.validation)).numpy()  # (n, 4)
    test = torch.sigmoid(_logits(model, snapshot, folds.test)).numpy()
    thresholds = choose_thresholds(validation, snapshot.labels[folds.validation])
    metrics = {
        "test": evaluate(test, snapshot.labels[folds.test], base_rate, thresholds),
        "validation": evaluate(validation, snapshot.labels[folds.validation], base_rate, thresholds),
        "base_rate": base_rate.tolist(),
        "symbols": list(symbols),
        "unseen_from": _iso(folds.test_from),  # no label that training or validation used is decided at or after it
        "folds": {name: _span(snapshot, getattr(folds, name)) for name in ("train", "validation", "test")},
        "features": {"all": len(catalogue().names), "varying": len(norm.varying)},
        "curve": curve,
        "best_epoch": best_epoch,
        "temper": temper,
        "settings": settings.model_dump(mode="json"),
    }

    # export and register
    exported = export.export(model, catalogue().names, catalogue().hash, settings.window)
    metrics["seconds"] = round(time.perf_counter() - began, 2)
    version = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{exported.sha256[:8]}"
    registry.register(
        registry.Model(
            version,
            symbol_set or get_settings().worker.symbol_set,
            "challenger",
            exported.onnx,
            exported.sha256,
            catalogue().hash,
            settings.window,
            thresholds,
            metrics,
            _moment(snapshot.bar_ends[folds.train].min()),
            _moment(snapshot.bar_ends[folds.train].max()),
        )
    )
    print(_summary(metrics))
    print(version)
    return version


def _base_rate(labels: Floats) -> Floats64:
    """Share of each label that came (4,), kept off 0 and 1; a label that is never known counts as even."""
    known = ~np.isnan(labels)
    came = np.where(known, labels, 0).sum(axis=0, dtype=np.float64)
    count = known.sum(axis=0)
    return np.clip(np.where(count > 0, came / np.maximum(count, 1), 0.5), RATE_MARGIN, 1 - RATE_MARGIN)


def _batches(ends: Rows, size: int) -> Iterator[Rows]:
    for first in range(0, len(ends), size):
        yield ends[first : first + size]


def _train_epoch(model: MoveModel, optimiser: torch.optim.Optimizer, snapshot: Snapshot, ends: Rows) -> float:
    """One pass over shuffled `ends`; gives the mean loss of its batches, dropout on."""
    settings = get_settings().training
    model.train()
    losses = []
    for batch in _batches(ends, settings.batch_size):
        rows = torch.from_numpy(snapshot.windows(batch, settings.window))  # (B, T, C)
        loss = masked_loss(model(rows), torch.from_numpy(snapshot.labels[batch]))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.gradient_clip)
        optimiser.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _logits(model: MoveModel, snapshot: Snapshot, ends: Rows) -> torch.Tensor:
    """Logits (len(ends), 4), dropout off."""
    window = get_settings().training.window
    model.eval()
    with torch.no_grad():
        return torch.cat(
            [model(torch.from_numpy(snapshot.windows(batch, window))) for batch in _batches(ends, PREDICT_BATCH)]
        )


def _best_temper(logits: torch.Tensor, labels: Floats, base_rate: Floats64) -> float:
    """The factor on logits - base that loses least against labels (n, 4)."""
    base, known = torch.logit(torch.from_numpy(base_rate).float()), torch.from_numpy(labels)
    losses = [masked_loss(base + scale * (logits - base), known).item() for scale in TEMPERS]
    return float(TEMPERS[int(np.argmin(losses))])


def _write_progress(epoch: int, epochs: int) -> None:
    """For a bar in another process; replaced as a whole, so that a reader never meets half a file."""
    path = progress_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"done": epoch, "total": epochs}))
    fresh.replace(path)


def progress_path() -> Path:
    return get_settings().local.var / "run" / "train_progress.json"


def _span(snapshot: Snapshot, ends: Rows) -> dict[str, Any]:
    times = snapshot.bar_ends[ends]
    return {"from": _iso(times.min()), "to": _iso(times.max()), "samples": len(ends)}


def _moment(time_: np.datetime64) -> datetime:
    moment: datetime = time_.astype("datetime64[us]").item()
    return moment


def _iso(time_: np.datetime64) -> str:
    return _moment(time_).replace(tzinfo=UTC).isoformat()


def _summary(metrics: dict[str, Any]) -> str:
    test, folds = metrics["test"], metrics["folds"]
    skills = " ".join(f"{name} {scores['skill']:+.4f}" for name, scores in test["labels"].items())
    counts = " ".join(f"{name} {span['samples']}" for name, span in folds.items())
    return (
        f"challenger of {', '.join(metrics['symbols'])}: {counts} samples, best epoch {metrics['best_epoch']} of "
        f"{len(metrics['curve'])}, {metrics['seconds']} s; test log-loss {test['mean']['log_loss']:.4f} against "
        f"{test['mean']['base_log_loss']:.4f} of the base rate; skill {skills}; "
        f"direction AUC {test['direction_auc']['near']:.3f} {test['direction_auc']['far']:.3f}"
    )


def utc(text: str) -> datetime:
    """An ISO 8601 time as naive UTC; without an offset it is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m training.train", description=(__doc__ or "").splitlines()[0])
    parse.add_argument("--symbols", nargs="+", help="default: every instrument of the settings")
    parse.add_argument("--from", dest="start", type=utc, help="first bar_end, ISO 8601, UTC unless it has an offset")
    parse.add_argument("--to", dest="end", type=utc, help="last bar_end; labels decided later are not looked at")
    parse.add_argument("--epochs", type=int, help="at most so many; default: training.epochs")
    parse.add_argument("--symbol-set", help="whose champion it may become; default: worker.symbol_set")
    return parse


def command() -> None:
    given = parser().parse_args()
    main(tuple(given.symbols) if given.symbols else None, given.start, given.end, given.epochs, given.symbol_set)


if __name__ == "__main__":
    sys.exit(run_command(command))
