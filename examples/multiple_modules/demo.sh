#!/bin/sh
# Compiles three modules apart and runs them as one program, first with calls that wait, then with fences.
set -eu
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
target="--iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx"

echo "== synchronous =="
for module in module_a module_b pipeline_sync; do
  iree-compile $target "$module.mlir" -o "$out/$module.vmfb"
done
iree-run-module --device=local-sync \
  --module="$out/module_a.vmfb" --module="$out/module_b.vmfb" --module="$out/pipeline_sync.vmfb" \
  --function=run --input=4096xf32=-2.0 --output_max_element_count=8

echo "== asynchronous =="
for module in module_a module_b pipeline_async; do
  iree-compile --iree-execution-model=async-external $target "$module.mlir" -o "$out/$module.vmfb"
done
iree-run-module --device=local-task \
  --module="$out/module_a.vmfb" --module="$out/module_b.vmfb" --module="$out/pipeline_async.vmfb" \
  --function=run --input=4096xf32=-2.0 --output_max_element_count=8

echo "== a stateful program: every context has its own state =="
iree-compile $target counter.mlir -o "$out/counter.vmfb"
iree-compile $target monitor.mlir -o "$out/monitor.vmfb"
python contexts.py "$out/counter.vmfb" "$out/monitor.vmfb"
