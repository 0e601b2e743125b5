"""Learns from the tables that serving reads: dataset, model, train, evaluate, export, registry, promote, report."""

TARGETS = ("up1", "up2", "down1", "down2")
"""The four labels in the order of every label matrix, of the model's output and of the view v_target."""
