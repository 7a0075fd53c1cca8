#!/bin/sh
# Keeps the chart as it stands under tests/golden/charts/VERSION, as text and without links: what upgrades start from.
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^version: //p' charts/neoid/Chart.yaml)
to=tests/golden/charts/$version
rm -rf "$to"
mkdir -p "$to/files/manifests"
cp -r charts/neoid/Chart.yaml charts/neoid/values.yaml charts/neoid/values.schema.json charts/neoid/templates "$to"
cp -r crd "$to/files/crd"
rm "$to/files/crd/Kustomization"
for folder in rbac admission policies monitoring; do
  if [ -d "manifests/$folder" ]; then cp -r "manifests/$folder" "$to/files/manifests/$folder"; fi
done
find "$to/files/manifests" -name kustomization.yaml -delete
