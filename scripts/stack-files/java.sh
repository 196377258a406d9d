# shellcheck shell=bash
# Kafka and Neo4j as Java processes, from Maven artifacts. Sourced by scripts/stack.

# The process id of a running server of ours, else nothing. The number in the file may have
# passed to another process since: ours carries our folder on its command line.
pid_of() {
  local pid
  pid=$(cat "$DIR/$1/pid" 2>/dev/null) || return 0
  if grep -qzxF -- "-Dfoaf.stack=$DIR/$1" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
}

running() { [[ $(pid_of "$1") ]]; }
where_is() { echo "pid $(pid_of "$1")"; }
# Neo4j writes most of what it says to a file of its own.
log_of() { cat "$DIR/$1/log" "$DIR/$1/home/logs/neo4j.log" 2>/dev/null || true; }

start() {
  "$ROOT/scripts/need" java
  fetch_jars "$1"
  "start_$1"
}

# Asks Maven only the first time, and when the pom has changed.
fetch_jars() {
  local pom=$FILES/$1-pom.xml jars=$DIR/$1/jars hash
  hash=$(sha256sum <"$pom")
  [[ $(cat "$jars/complete" 2>/dev/null) != "$hash" ]] || return 0
  "$ROOT/scripts/need" mvn
  say "$1: fetching the jars through Maven"
  rm -rf "$jars"
  quietly "$1" mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime
  echo "$hash" >"$jars/complete"
}

start_kafka() {
  local home=$DIR/kafka own="127.0.0.1:$KAFKA_PORT" controller="127.0.0.1:$KAFKA_CONTROLLER_PORT"
  {
    cat "$FILES/kafka.properties"
    echo "listeners=PLAINTEXT://$own,CONTROLLER://$controller"
    echo "advertised.listeners=PLAINTEXT://$own,CONTROLLER://$controller"
    echo "controller.quorum.bootstrap.servers=$controller"
    echo "log.dirs=$home/data"
  } >"$home/kafka.properties"
  if [[ ! -f $home/data/meta.properties ]]; then
    # A cluster id is 16 bytes in base64url: 22 characters, the last of which ends in four zero bits.
    quietly kafka "$JAVA" -cp "$home/jars/*" kafka.tools.StorageTool format --standalone \
      -t "$(random_hex 21)A" -c "$home/kafka.properties"
  fi
  launch kafka -Xmx768m -XX:+ExitOnOutOfMemoryError "-Dlog4j2.configurationFile=$FILES/log4j2.yaml" \
    -cp "$home/jars/*" kafka.Kafka "$home/kafka.properties"
}

start_neo4j() {
  local home=$DIR/neo4j/home package opens=()
  mkdir -p "$home/conf"
  {
    cat "$FILES/neo4j.conf"
    echo "server.bolt.listen_address=127.0.0.1:$NEO4J_BOLT_PORT"
    echo "server.http.listen_address=127.0.0.1:$NEO4J_HTTP_PORT"
  } >"$home/conf/neo4j.conf"
  # The password can be set this way only before the first start.
  if [[ ! -d $home/data/databases ]]; then
    NEO4J_HOME=$home NEO4J_CONF=$home/conf quietly neo4j "$JAVA" -cp "$DIR/neo4j/jars/*" \
      org.neo4j.cli.AdminTool dbms set-initial-password "$NEO4J_PASSWORD"
  fi
  for package in java.nio java.io sun.nio.ch java.util.concurrent; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
  done
  launch neo4j -Xmx1g -XX:+ExitOnOutOfMemoryError "${opens[@]}" -Dio.netty.tryReflectionSetAccessible=true \
    -cp "$DIR/neo4j/jars/*" org.neo4j.server.CommunityEntryPoint "--home-dir=$home" "--config-dir=$home/conf"
}

# quietly SERVICE COMMAND...: shows what the command says only when it fails.
quietly() {
  "${@:2}" </dev/null >"$DIR/$1/setup.log" 2>&1 && return
  cat "$DIR/$1/setup.log" >&2
  say "$1: failed: $2"
  exit 1
}

# In a session of its own, so that a ctrl-C meant for its caller does not stop the server, and
# without the lock, which would stay taken for as long as the server runs.
launch() {
  local home=$DIR/$1
  (cd "$home" && exec setsid "$JAVA" "-Dfoaf.stack=$home" "${@:2}") </dev/null >"$home/log" 2>&1 9>&- &
  echo $! >"$home/pid"
  say "$1: started, pid $!, log $home/log"
}

# send SIGNAL SERVICE
send() { kill -s "$1" "$(pid_of "$2")"; }

stop() {
  local pid waited
  pid=$(pid_of "$1")
  if [[ ! $pid ]]; then echo "$1: was not running"; return; fi
  kill -TERM "$pid"
  for ((waited = 0; waited < 300; waited++)); do
    if ! running "$1"; then
      rm "$DIR/$1/pid"
      echo "$1: stopped (pid $pid)"
      return
    fi
    sleep 0.1
  done
  kill -KILL "$pid"
  rm "$DIR/$1/pid"
  echo "$1: killed (pid $pid), because it had not stopped within 30 s"
}

wipe() {
  rm -rf "${DIR:?}/${1:?}/data" "${DIR:?}/${1:?}/home"
  echo "$1: data removed"
}
