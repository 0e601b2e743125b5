"""Processes that Airflow starts: the streaming job, replays, audits. They import market and nothing else of ours."""
