"""Tests mirror the rooms; all of them run on the real components."""
