"""The market's API sources: one file a source, `python -m jobs.feeds SOURCE --symbol S` fetches one once.

A source is facts as attributes, a `request` and one pure `parse` hook (feed.Source); registry.SOURCES names them all.
"""
