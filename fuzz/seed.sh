#!/bin/sh
# Puts every message of the golden files into the corpora of the decoders.
cd "$(dirname "$0")" || exit 1
for side in client server; do
  corpus="corpus/decode_$side"
  mkdir -p "$corpus"
  sed -n 's/^\([a-z-]*\): \({.*\)/\1 \2/p' "../crates/core/tests/golden/$side.txt" |
    while read -r name text; do printf '%s' "$text" > "$corpus/$name"; done
done
