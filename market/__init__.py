"""The shared vocabulary: settings, messages, features, calendars, database. Nothing of Airflow, Spark or torch."""
