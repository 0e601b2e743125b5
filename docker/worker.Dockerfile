# The inference worker: no torch, no Spark, no Airflow; some 200 MB of packages.
# Build from the repository's root: docker compose build worker

FROM python:3.11.13-slim-bookworm AS packages
COPY inference/requirements.txt requirements.lock /tmp/requirements/
# The lock pins, with hashes, also what the listed packages bring along.
RUN pip install --no-cache-dir "$(grep -oE '^uv==[0-9.]+' /tmp/requirements/requirements.lock)" \
    && uv venv /opt/venv \
    && uv pip install --no-cache --compile-bytecode --python /opt/venv/bin/python \
        -r /tmp/requirements/requirements.txt -c /tmp/requirements/requirements.lock

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin market
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/market
COPY market/ market/
COPY inference/ inference/
# The feature hash that the worker compares with the model's covers these texts.
COPY sql/select/ sql/select/
ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER market
CMD ["python", "-m", "inference.worker"]
