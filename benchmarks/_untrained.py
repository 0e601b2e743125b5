"""A model of the product's shape with random weights: it costs what a trained one costs."""

from datetime import datetime

import torch

from market.features import catalogue
from market.settings import get_settings
from training import TARGETS, export
from training.model import MoveModel
from training.registry import Model


def untrained_model() -> Model:
    features, settings = catalogue(), get_settings().training
    count = len(features.names)
    torch.manual_seed(settings.seed)
    model = MoveModel(
        mean=torch.zeros(count),
        std=torch.ones(count),
        varying=torch.arange(count),
        base_rate=torch.full((len(TARGETS),), 0.2),
        hidden=settings.hidden,
        dropout_in=settings.dropout_in,
        dropout_out=settings.dropout_out,
    )
    exported = export.export(model.eval(), features.names, features.hash, settings.window)
    long_ago = datetime(2017, 1, 1)  # noqa: DTZ001, MariaDB's columns are naive UTC
    return Model(
        version="untrained",
        symbol_set=get_settings().worker.symbol_set,
        status="challenger",
        onnx=exported.onnx,
        sha256=exported.sha256,
        feature_hash=features.hash,
        window=settings.window,
        thresholds=dict.fromkeys(TARGETS, 0.5),
        metrics={},
        trained_from=long_ago,
        trained_to=long_ago,
    )
