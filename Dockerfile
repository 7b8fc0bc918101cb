# Condor in a container. Build: docker build -t condor .   Run with Telegram:
#   docker run --read-only --tmpfs /tmp -v condor:/data -e CONDOR_TELEGRAM_TOKEN condor
# The local chat listens on the loopback of its machine only; on Linux `--network host` makes that yours.
# The steps that install are in .ci/image-steps, which the project's checks run too, under a fresh home without rights.
FROM python:3.11-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/condor
COPY . .
RUN ./.ci/image-steps

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /home/condor condor \
    && install -d -o condor -g condor -m 0700 /data
COPY --from=build /opt/condor /opt/condor
ENV CONDOR_HOME=/data \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/opt/condor/.venv/bin:$PATH
USER 10001
WORKDIR /home/condor
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import json, pathlib, urllib.request as u; u.urlopen(json.loads(pathlib.Path('/data/data/chat.address').read_text())['base'] + '/healthz', timeout=4)"]
ENTRYPOINT ["python", "-m", "condor"]
CMD ["run"]
