"""The whole model: raw feature rows in, four probabilities out, with every statistic it needs inside.

B batch, T window (bars), C features of the catalogue, K features that vary in the training fold, H hidden units.
"""

import torch
from torch import Tensor, nn

CLIP = 10.0  # standard deviations: a spike or a bad tick moves the state no further than that


class MoveModel(nn.Module):
    """Bidirectional GRU over a window of raw rows; `forward` returns the logits of up1, up2, down1, down2.

    A missing value (NaN) counts as the training mean. Features that never varied in training are left out by a fixed
    selection rather than weighted by chance: a book that first appears after training changes nothing.
    """

    def __init__(
        self,
        *,
        mean: Tensor,  # (C,)
        std: Tensor,  # (C,), positive
        varying: Tensor,  # (K,) columns of C
        base_rate: Tensor,  # (4,) of the training fold, within (0, 1)
        hidden: int,
        dropout_in: float,
        dropout_out: float,
    ) -> None:
        super().__init__()
        self.register_buffer("varying", varying.long())  # (K,)
        self.register_buffer("mean", mean[varying].float())  # (K,)
        self.register_buffer("std", std[varying].float())  # (K,)
        self.dropout_in = nn.Dropout(dropout_in)
        self.gru = nn.GRU(len(varying), hidden, batch_first=True, bidirectional=True)
        self.dropout_out = nn.Dropout(dropout_out)
        self.head = nn.Linear(5 * hidden, len(base_rate))
        with torch.no_grad():
            self.head.bias.copy_(torch.logit(base_rate.float()))  # the start is the base rate, not one half

    varying: Tensor
    mean: Tensor
    std: Tensor

    def forward(self, rows: Tensor) -> Tensor:
        x = rows.index_select(2, self.varying)  # (B, T, C) -> (B, T, K)
        x = torch.where(torch.isnan(x), self.mean, x)
        x = ((x - self.mean) / self.std).clamp(-CLIP, CLIP)
        states, last = self.gru(self.dropout_in(x))  # (B, T, 2H), (2, B, H)
        pooled = torch.cat([last.sum(0), states.amax(1), states.mean(1)], dim=1)  # (B, H + 2H + 2H)
        logits: Tensor = self.head(self.dropout_out(pooled))  # (B, 4)
        return logits

    @torch.no_grad()
    def temper(self, scale: float, base_rate: Tensor) -> None:
        """Draws every logit towards that of base_rate (4,): base + scale (logit - base), folded into the last layer."""
        base = torch.logit(base_rate.float())
        self.head.weight.mul_(scale)
        self.head.bias.copy_(base + scale * (self.head.bias - base))


class Probabilities(nn.Module):
    """What is exported: probabilities (B, 4) of raw rows (B, T, C)."""

    def __init__(self, model: MoveModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> Tensor:
        return torch.sigmoid(self.model(features))


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean binary cross-entropy of logits (B, 4) over the labels (B, 4) that are known; NaN labels weigh nothing."""
    known = ~torch.isnan(labels)
    losses = nn.functional.binary_cross_entropy_with_logits(
        logits, torch.where(known, labels, 0.0), reduction="none"
    )  # (B, 4)
    return (losses * known).sum() / known.sum().clamp(min=1)
