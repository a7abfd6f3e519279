# Sourced by build/run and build/test: is the SDK there, and where does PostgreSQL come from?
# For bash 3.2 and up, which is what macOS has.

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false # no build server stays behind

stop() { # stop CODE LINE...
  local code=$1
  shift
  printf '%s\n' "$@" >&2
  exit "$code"
}

need_sdk() {
  if ! command -v dotnet >/dev/null 2>&1; then
    stop 3 "The .NET 10 SDK is missing: 'dotnet' is not on the PATH. See https://dotnet.microsoft.com/download/dotnet/10.0"
  fi
  if ! dotnet --list-sdks | grep -q '^10\.'; then
    stop 3 "The .NET 10 SDK is missing; installed are:" "$(dotnet --list-sdks)" "See https://dotnet.microsoft.com/download/dotnet/10.0"
  fi
}

# The same places as src/Eventix.Infrastructure/Embedded/PostgresBinaries.cs, which picks one of them.
has_postgres_binaries() {
  local folder
  local IFS=:
  for folder in "${EVENTIX_PG_BIN:-}" $PATH; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then return 0; fi
  done
  for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then return 0; fi
  done
  return 1
}

# Whether a Docker daemon answers within ten seconds. `docker info` alone may wait for one for ever.
docker_answers() {
  command -v docker >/dev/null 2>&1 || return 1
  docker info >/dev/null 2>&1 &
  local probe=$! ticks=0
  while kill -0 "$probe" 2>/dev/null; do
    if [ "$ticks" -ge 50 ]; then
      kill "$probe" 2>/dev/null
      return 1
    fi
    sleep 0.2
    ticks=$((ticks + 1))
  done
  wait "$probe"
}

# Installs the server's programs where that needs no question: root on Debian or Ubuntu.
install_postgres() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  local log
  log=$(mktemp)
  echo "Installing PostgreSQL with apt-get …"
  if ! install_packages >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    stop 3 "PostgreSQL could not be installed; see above."
  fi
  rm -f "$log"
  has_postgres_binaries
}

install_packages() {
  local apt="apt-get -y -o DPkg::Lock::Timeout=300" settings=/etc/postgresql-common/createcluster.d status=0
  export DEBIAN_FRONTEND=noninteractive

  # The programs are wanted, not the cluster that the package would make and start; another package later may make one.
  $apt update && $apt install --no-install-recommends postgresql-common || return 1
  mkdir -p "$settings"
  echo 'create_main_cluster = false' >"$settings/eventix.conf"
  $apt install --no-install-recommends postgresql || status=1
  rm -f "$settings/eventix.conf"
  return "$status"
}

# What to say when nothing of the above helps: the line to run here.
no_postgres() { # no_postgres VARIABLE
  local line="docker run -d --name eventix-postgres -p 127.0.0.1:5432:5432 -e POSTGRES_PASSWORD=choose-one postgres:17-alpine
    export $1=postgresql://postgres:choose-one@127.0.0.1:5432/postgres"
  if command -v apt-get >/dev/null 2>&1; then
    line="sudo apt-get update && sudo apt-get install -y postgresql"
  elif command -v brew >/dev/null 2>&1; then
    line="brew install postgresql@17"
  fi
  stop 3 "There is no PostgreSQL here: $1 is not set, no server programs were found, and Docker does not answer. Run" \
    "    $line" "and try again."
}
