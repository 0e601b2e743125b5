"""Operators of this project: the streaming job as a Spark submission."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import Context

STREAM_POOL = "spark_stream"
STREAM_CONNECTION = "spark_stream"


class FeatureStreamOperator(SparkSubmitOperator):
    """Submits jobs/streaming with the Kafka connector's jars and stays with it until it ends.

    The connection `spark_stream` says where Spark is: local[2], spark://host:7077 or k8s://… . A driver that dies is
    submitted again five seconds later, for ever: the lease in MariaDB keeps two from writing at once, the checkpoint
    lets the next one go on. Paths come from the settings at run time, so parsing the DAG reads nothing.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            application="",
            conn_id=STREAM_CONNECTION,
            name="market-stream",
            driver_memory="1g",
            pool=STREAM_POOL,
            retries=100_000,
            retry_delay=timedelta(seconds=5),
            retry_exponential_backoff=0,
            execution_timeout=None,
            **kwargs,
        )

    def execute(self, context: Context) -> None:
        from market.settings import ROOT, get_settings

        jars = get_settings().stream.jars
        self.application = str(ROOT / "jobs" / "streaming" / "__main__.py")
        self.jars = f"{jars}/*.jar"
        self.driver_class_path = f"{jars}/*"
        if scratch := os.environ.get("SPARK_LOCAL_DIRS"):  # else Java's share of Spark's scratch would stay in /tmp
            Path(scratch).mkdir(parents=True, exist_ok=True)
            self.conf = {**(self.conf or {}), "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={scratch}"}
        super().execute(context)
