"""The Spark session and the Kafka source of the stream."""

import os
from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession

from market.settings import Settings

# Spark's defaults are for long queries on clusters: 200 shuffle partitions, a UI, long polls, code compiled for each
# plan. This job has no shuffle and plans anew for each bar.
SUBMITTED = "PYSPARK_GATEWAY_PORT"  # set by spark-submit, whose JVM, master and jars are then in place already
TUNING = {
    "spark.sql.session.timeZone": "UTC",
    # What cannot be computed for one record is NULL; an exception would fail the whole batch, again at every start.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    # Spark infers constraints between columns for joins and filters, of which this plan has none; on many columns made
    # from one struct the inference grows exponentially, until the heap is full.
    "spark.sql.constraintPropagation.enabled": "false",
    # Each task of each batch would write the Java source of its projection, to find the class that was compiled from it
    # long ago: 40 of the 95 ms that reading a live bar took. Evaluated as it is, it costs 10 us more a record.
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # A plan is described for every batch, for the UI that is off.
    "spark.sql.ui.explainMode": "simple",
    # Spark's first choice renames through Hadoop's FileContext, which without its native library asks `readlink` and
    # `chmod` about the file: ten processes for an entry of the offset log, two such entries a batch. Both write a file
    # beside and rename it.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.streaming.pollingDelay": "5ms",
    "spark.sql.streaming.metricsEnabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.ui.retainedExecutions": "1",
}


def build_session(settings: Settings) -> SparkSession:
    """A session where spark-submit put it; by hand, on settings.stream.master with the Kafka connector's jars."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the driver's JVM reads it before any setting
    builder = SparkSession.builder.appName("market-stream")
    for key, value in TUNING.items():
        builder = builder.config(key, value)
    if SUBMITTED not in os.environ:
        jars = sorted(str(path) for path in settings.stream.jars.glob("*.jar"))
        builder = builder.master(settings.stream.master).config("spark.jars", ",".join(jars))
        builder = builder.config("spark.driver.extraClassPath", ":".join(jars)).config("spark.driver.host", "127.0.0.1")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session


def read_topics(session: SparkSession, settings: Settings, topics: Iterable[str]) -> DataFrame:
    """A streaming frame of the topics from the checkpoint on, from the earliest offset when there is none."""
    return (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka.bootstrap)
        .option("subscribe", ",".join(topics))
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", settings.stream.max_offsets_per_batch)
        # The source's consumer long-polls for 500 ms by default, which would be most of a bar's way.
        .option("kafka.fetch.max.wait.ms", "10")
        .load()
        # A task for each of the topics' partitions costs 20 ms of a core: as many as there are cores read several each.
        .coalesce(session.sparkContext.defaultParallelism)
    )
