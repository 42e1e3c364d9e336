#!/bin/sh
# Builds a module in C and runs it in a program with modules before and after it.
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
target="--iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx"

include=$(python -c 'import gossamer; print(gossamer.get_include())')
${CC:-cc} -std=c99 -Wall -Wextra -pedantic -O2 -shared -fPIC -pthread -I"$include" filter.c -o "$out/filter.so"
iree-compile $target prepare.mlir -o "$out/prepare.vmfb"
iree-compile $target program.mlir -o "$out/program.vmfb"

echo "== a program of three modules =="
iree-run-module --device=local-sync \
  --module="$out/prepare.vmfb" --module="$out/filter.so?window=2" --module="$out/program.vmfb" \
  --function=run --input=4xf32=1,3,5,7

echo "== from Python =="
python call.py "$out/prepare.vmfb" "$out/filter.so"
