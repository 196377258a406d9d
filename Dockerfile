# syntax=docker/dockerfile:1

# The playground in ui/ is built with npm by build.rs.
FROM node:22-trixie-slim AS node

FROM rust:1.95.0-trixie AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
# rust-toolchain.toml also asks for rustfmt and clippy, which a build does not need.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# The caches make the next build short; what is in them is not part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/root/.npm \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --features kafka-tls && cp target/dist/foaf /usr/local/bin/foaf

FROM debian:trixie-slim
# The certificates and OpenSSL are for a Neo4j or Kafka behind TLS.
# hadolint ignore=DL3008 # the base image's own security updates are wanted, not one version
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3t64 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/foaf --create-home foaf
COPY --from=build /usr/local/bin/foaf /usr/local/bin/foaf
# By number, so that a cluster can see that it is not root.
USER 10001
# The embedded log and graph, and snapshots, lie in ./foaf-data.
WORKDIR /var/lib/foaf
VOLUME /var/lib/foaf
ENV FOAF_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["foaf", "health"]
ENTRYPOINT ["foaf"]
CMD ["serve"]
