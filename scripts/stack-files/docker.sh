# shellcheck shell=bash
# Kafka and Neo4j as containers of docker-compose.yml. Sourced by scripts/stack.

PROJECT=foaf-stack-$(cksum <<<"$DIR" | cut -d ' ' -f 1)

compose() { docker compose -p "$PROJECT" -f "$ROOT/docker-compose.yml" "$@"; }

container_of() { compose ps -q --status running "$1" 2>/dev/null || true; }
running() { [[ $(container_of "$1") ]]; }
where_is() { echo "container $(container_of "$1" | cut -c 1-12)"; }
log_of() { compose logs --no-log-prefix "$1" 2>/dev/null || true; }

# send SIGNAL SERVICE: a container that was killed so is not started again by Docker.
send() { docker kill --signal "$1" "$(container_of "$2")" >/dev/null; }

start() { compose up -d --no-deps "$1" >&2 && say "$1: started, $(where_is "$1")"; }

stop() {
  if ! running "$1"; then echo "$1: was not running"; return; fi
  compose stop --timeout 30 "$1" >&2
  echo "$1: stopped"
}

wipe() {
  compose rm --force "$1" >&2
  docker volume rm --force "${PROJECT}_$1-data" >/dev/null
  echo "$1: data removed"
}
