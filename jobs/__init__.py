"""Processes that Airflow starts: feeds, the streaming job, replays. They import market and nothing else of the project."""
