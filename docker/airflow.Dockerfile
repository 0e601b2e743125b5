# Airflow, Spark's driver, master and executors, training and the migrations: one image, so that pyspark, Java and the
# Kafka connector cannot differ between the driver and its executors.
# Build from the repository's root: docker compose build

# Java comes from its own image, whatever release of Debian the Airflow image stands on.
FROM eclipse-temurin:17.0.17_10-jre-noble AS java

FROM apache/airflow:3.3.2-python3.11 AS base
USER root
COPY --from=java /opt/java/openjdk /opt/java/openjdk
# A new named volume takes the owner of the folder it covers: the stream can write its checkpoint without being root.
RUN install -d -o airflow -g 0 -m 0775 /opt/spark-jars /var/lib/market /var/lib/market/checkpoint /var/lib/market/run
ENV JAVA_HOME=/opt/java/openjdk \
    PATH="${PATH}:/opt/java/openjdk/bin" \
    PYTHONPATH=/opt/market \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MARKET_STREAM__JARS=/opt/spark-jars/spark
WORKDIR /opt/market
USER airflow
COPY requirements.txt requirements.lock /tmp/requirements/
COPY docker/requirements.txt /tmp/requirements/image.txt
# The versions and hashes that the tests ran with: the lock constrains, so its test tools stay out of the image.
RUN uv pip install --no-cache --compile-bytecode \
        -r /tmp/requirements/requirements.txt -r /tmp/requirements/image.txt -c /tmp/requirements/requirements.lock \
    && python -c "import airflow, confluent_kafka, psycopg2, pyspark, torch" \
    && java -version

FROM base AS jars
ARG MAVEN_REPOSITORY
COPY market/ market/
COPY local/ local/
RUN XDG_CACHE_HOME=/tmp/cache python -c "from local.jar_folders import ensure; ensure(['spark'])"

FROM base
COPY --from=jars /opt/spark-jars /opt/spark-jars
# Owned by root: no task can change the code that the next one runs.
COPY market/ market/
COPY sql/ sql/
COPY jobs/ jobs/
COPY training/ training/
COPY inference/ inference/
COPY plugins/ plugins/
COPY dags/ dags/
