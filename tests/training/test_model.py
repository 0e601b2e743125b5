"""The model's loss and what it does with raw rows; numbers are synthetic."""

import math

import pytest
import torch

from training.model import MoveModel, masked_loss

NAN = float("nan")
BASE = torch.tensor([0.2, 0.15, 0.2, 0.1])


def small_model(hidden: int = 4) -> MoveModel:
    """Five features of which 0 and 3 vary."""
    torch.manual_seed(0)
    return MoveModel(
        mean=torch.tensor([10.0, 0, 0, -2, 0]),
        std=torch.tensor([2.0, 1, 1, 0.5, 1]),
        varying=torch.tensor([0, 3]),
        base_rate=BASE,
        hidden=hidden,
        dropout_in=0.2,
        dropout_out=0.5,
    ).eval()


def test_masked_loss_by_hand() -> None:
    logits = torch.tensor([[0.0, 2.0, -1.0, 5.0]])
    labels = torch.tensor([[1.0, 0.0, NAN, NAN]])
    # ln(1 + e^-0) for the first, ln(1 + e^2) for the second, nothing for the unknown two
    assert masked_loss(logits, labels).item() == pytest.approx((math.log(2) + math.log(1 + math.exp(2))) / 2)


def test_unknown_labels_send_no_gradient() -> None:
    logits = torch.zeros(2, 4, requires_grad=True)
    masked_loss(logits, torch.tensor([[1.0, NAN, NAN, NAN], [NAN] * 4])).backward()
    assert logits.grad is not None
    assert logits.grad.tolist() == [[-0.5, 0, 0, 0], [0, 0, 0, 0]]


def test_missing_counts_as_the_training_mean() -> None:
    model, rows = small_model(), torch.randn(3, 6, 5)
    missing, mean = rows.clone(), rows.clone()
    missing[1, 2, 0], mean[1, 2, 0] = NAN, 10.0
    assert torch.equal(model(missing), model(mean))


def test_a_spike_moves_no_further_than_ten_deviations() -> None:
    model, rows = small_model(), torch.randn(1, 6, 5)
    spike, edge = rows.clone(), rows.clone()
    spike[0, 0, 0], edge[0, 0, 0] = 1e9, 10 + 10 * 2.0
    assert torch.equal(model(spike), model(edge))


def test_columns_that_never_varied_change_nothing() -> None:
    model, rows = small_model(), torch.randn(2, 6, 5)
    other = rows.clone()
    other[..., [1, 2, 4]] = 1e6
    assert torch.equal(model(rows), model(other))


def test_the_output_starts_at_the_base_rate() -> None:
    assert torch.allclose(torch.sigmoid(small_model().head.bias), BASE)


def test_tempering_draws_logits_towards_the_base_rate() -> None:
    model, rows, base = small_model(), torch.randn(3, 6, 5), torch.logit(BASE)
    before = model(rows)
    model.temper(0.25, BASE)
    assert torch.allclose(model(rows), base + 0.25 * (before - base), atol=1e-6)
