# The hub as an image: packages are built and verified in the first stage; the second one has no build tools and no root.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements/build.lock requirements/runtime.lock requirements/
RUN python -m venv /build
RUN /build/bin/python -m pip install --quiet --require-hashes -r requirements/build.lock
# ShopifyAPI and the package it stands on are published as source only, so wheels are made here from what the hashes
# vouch for; with --only-binary this step would fail. --no-build-isolation keeps the builds from fetching tools of their own.
RUN /build/bin/python -m pip wheel --quiet --no-deps --require-hashes --no-build-isolation --wheel-dir /wheels -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY canonical canonical
COPY mappings mappings
COPY connectors connectors
COPY sync sync
COPY crossdock crossdock
RUN /build/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .
RUN python -m venv --without-pip /opt/crossdock
RUN /build/bin/python -m pip --python /opt/crossdock/bin/python install --quiet --no-index --no-deps /wheels/*.whl
RUN /opt/crossdock/bin/crossdock --version

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Crossdock" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 crossdock && useradd --uid 10001 --gid crossdock --home-dir /data --shell /usr/sbin/nologin crossdock \
    && install --directory --owner=crossdock --group=crossdock /data /config
COPY --from=build /opt/crossdock /opt/crossdock
ENV PATH=/opt/crossdock/bin:$PATH PYTHONUNBUFFERED=1 CROSSDOCK_CONFIG=/config/crossdock.yaml
USER 10001:10001
WORKDIR /data
VOLUME /data
# Whether the process and its threads live; a platform or a database that is away is no illness of the container.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8085/healthz', timeout=5)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["crossdock"]
CMD ["serve", "--log-format", "json"]
