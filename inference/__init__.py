"""The serving room: readiness event in, one row in `prediction` out. Start reading at worker.py, then processing.py.

Imports market and nothing else of the project; no torch, pandas or Spark ever enters this process.
"""
