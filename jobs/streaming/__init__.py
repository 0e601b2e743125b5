"""The streaming job: Kafka -> features in Spark -> MariaDB -> readiness events. Start reading at __main__.py."""
