#!/usr/bin/env bash
# Write the two locked lists anew from pyproject.toml: every package with its hashes, for all platforms, without naming where it came from.
set -eu
cd "$(dirname "$0")/.."
compile() {
  uv pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --quiet \
    --custom-compile-command requirements/lock.sh
}
compile pyproject.toml requirements/build.in --output-file requirements/run.txt
compile pyproject.toml requirements/build.in --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
