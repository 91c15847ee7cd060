#!/usr/bin/env bash
# Builds the OpenTelemetry collector that tests of the otel callback run against, by its own builder, into the user's
# cache, once for each version. Needs Go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
version=$(sed -n 's/^dist:.*version: \([0-9.]*\).*/\1/p' otelcol.builder.yaml)
program=${TURNPIKE_TEST_OTELCOL:-${XDG_CACHE_HOME:-$HOME/.cache}/turnpike-tests/otelcol-$version}
[[ -x $program ]] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=$work/go GOCACHE=$work/cache GOFLAGS=-modcacherw
go install "go.opentelemetry.io/collector/cmd/builder@v$version" 2>"$work/log" &&
  "$work/go/bin/builder" --config <(sed "s|^dist: {|&output_path: $work/out, |" otelcol.builder.yaml) >>"$work/log" 2>&1 || {
  tail -n 5 "$work/log" >&2
  exit 1
}
mkdir -p "$(dirname "$program")"
mv "$work/out/otelcol" "$program"
