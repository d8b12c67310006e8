# Sourced with the command and a folder: installs a tiny network with random weights in weights of the test's own, and
# leaves its description in the folder's tiny.json.
export MUSC_WEIGHTS="$2/weights"
cat > "$2/tiny.json" <<JSON
{"name": "tiny", "family": "dinov2", "patch": 14, "width": 32, "depth": 4, "heads": 2, "native_size": 84,
 "feature_layers": [1, 3], "paper_sizes": [84]}
JSON
"$1" weights import Tests/Fixtures/goldens/dinov2_native.weights.facebook.safetensors --as "$2/tiny.json" > /dev/null
