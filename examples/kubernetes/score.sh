#!/usr/bin/env bash
# Scores the batch that plan.yaml names: three jobs, one after the other. Needs kubectl, and the image and claims that
# the files name. Call it again after a failure: what is done is not done again.
set -euo pipefail
cd "$(dirname "$0")"

kubectl apply -f volumes.yaml
for step in plan work merge; do
    kubectl delete job "musc-$step" --ignore-not-found --wait
    kubectl apply -f "$step.yaml"
    # Waits for either end; `kubectl wait` alone would wait for the one that never comes.
    until [ "$(kubectl get job "musc-$step" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')" ]; do sleep 5; done
    kubectl logs --tail=-1 --selector="job-name=musc-$step" || true
    kubectl wait --for=condition=complete --timeout=0s "job/musc-$step"
done
