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
    cargo build --release --locked && cp target/release/foaf /usr/local/bin/foaf

FROM debian:trixie-slim
# The certificates are for a Neo4j or Kafka behind TLS.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /var/lib/foaf --create-home foaf
COPY --from=build /usr/local/bin/foaf /usr/local/bin/foaf
# The image has no HTTP client, but bash opens connections itself.
COPY --chmod=755 <<'EOF' /usr/local/bin/foaf-ready
#!/bin/bash
exec 3<>"/dev/tcp/127.0.0.1/${FOAF_LISTEN##*:}" || exit 1
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 answer <&3
[[ $answer == 'HTTP/1.1 200 '* ]]
EOF
USER foaf
# The embedded log and graph, and snapshots, lie in ./foaf-data.
WORKDIR /var/lib/foaf
VOLUME /var/lib/foaf
ENV FOAF_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=12 CMD ["foaf-ready"]
ENTRYPOINT ["foaf"]
CMD ["serve"]
