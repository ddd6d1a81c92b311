#!/usr/bin/env bash
# Sizes of the functions as they are deployed, and the time from exec to their first answer.
# `--help` tells what may be said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec cargo xtask measure "$@"
