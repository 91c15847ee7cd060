#!/usr/bin/env bash
# Installs the tracking server that tests of the MLflow callback run against: a Python environment of its own in the
# user's cache, made once for each version.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
version=$(sed -n 's/^mlflow-skinny==//p' mlflow.requirements.txt)
folder=${TURNPIKE_TEST_MLFLOW:-${XDG_CACHE_HOME:-$HOME/.cache}/turnpike-tests/mlflow-$version}
[[ -x $folder/bin/mlflow ]] && exit 0
mkdir -p "$(dirname "$folder")"
rm -rf "$folder.new"
python3 -m venv "$folder.new"
"$folder.new/bin/python" -m pip install --quiet --disable-pip-version-check -r mlflow.requirements.txt
# Programs of an environment name it by its path.
sed -i.bak "1s|$folder.new|$folder|" "$folder.new/bin/mlflow" && rm -f "$folder.new/bin/mlflow.bak"
mv "$folder.new" "$folder"
