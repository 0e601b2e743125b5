"""A batch's records on the driver, in bounded memory whatever their size.

The settings bound a batch by its number of records, and a message has some hundred bytes. Records of another kind, each
of what a broker takes, would fill the driver's heap, again at each start. So of records too large for any message only
the beginning comes, unless all of a batch's together are few.
"""

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

LARGE = 8 << 10  # bytes; the longest message that its model takes has some 5 kB
WHOLE_TOGETHER = 32 << 20  # bytes of one batch's large records that are taken whole


def collect(batch: DataFrame) -> pa.Table:
    """The rows of transform.to_features; of a `record` that is cut, `size` tells how long it was."""
    records = batch.withColumn("record", F.substring("record", 1, LARGE)).toArrow()
    is_large = pc.greater(records["size"], LARGE)
    together = pc.sum(records["size"].filter(is_large)).as_py() or 0
    if not 0 < together <= WHOLE_TOGETHER:
        return records
    large = batch.where(F.col("size") > LARGE).toArrow()  # reads the batch once more, which hardly ever comes
    return pa.concat_tables([records.filter(pc.invert(is_large)), large])
