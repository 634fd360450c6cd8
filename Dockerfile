# The product for installations on PostgreSQL and Elasticsearch: `docker build -t diembao:0.1.0 .`
FROM python:3.11.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/diembao
WORKDIR /build
COPY requirements-image.lock ./
RUN /opt/diembao/bin/pip install --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY crawlers crawlers
COPY diembao diembao
COPY nlp nlp
COPY pipelines pipelines
COPY search_api search_api
RUN /opt/diembao/bin/pip install --no-deps .

FROM python:3.11.13-slim-bookworm
# pg_dump and pg_restore, for `diembao backup`: no older than the server of docker-compose.yml
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home diembao \
 && install -d -o diembao -g diembao -m 0750 /var/lib/diembao
COPY --from=build /opt/diembao /opt/diembao
# The root file system may be read-only: everything the product writes is in the data directory or in /tmp.
ENV PATH=/opt/diembao/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DIEMBAO_DATA_DIR=/var/lib/diembao
USER diembao
WORKDIR /var/lib/diembao
EXPOSE 8000
ENTRYPOINT ["diembao"]
CMD ["--help"]
