#!/usr/bin/env python3
"""Waits until a step of a batch on Slurm is in a stage, and ends it there. Called by slurm.sh.

    slurm_kill.py WORK OUT STAGE HOW

STAGE: features (of the judges), scoring, publishing (a shard's part is being written), merge (the results folder is).
HOW: kill (SIGKILL to the process, as for want of memory) or requeue (scontrol requeue).
"""
import glob
import os
import signal
import subprocess
import sys
import time

work, out, stage, how = sys.argv[1:]
step = "merge" if stage == "merge" else "work"


def process():
    """The process of shard 0, or of the merge; None where it does not run."""
    for name in os.listdir("/proc"):
        try:
            words = open(f"/proc/{name}/cmdline", "rb").read().split(b"\0")
            if words[1:4] != [step.encode(), b"--plan", f"{work}/plan.json".encode()]:
                continue
            environment = open(f"/proc/{name}/environ", "rb").read().split(b"\0")
            if step == "merge" or b"SLURM_ARRAY_TASK_ID=0" in environment:
                return int(name)
        except (OSError, ValueError):
            continue
    return None


def reached():
    judges = glob.glob(f"{work}/judges-*/*.safetensors")
    written = glob.glob(f"{work}/shards/00000/*")
    if stage == "features":
        return 0 < len(judges) < 64
    if stage == "scoring":
        return len(judges) == 64 and not written
    if stage == "publishing":
        return any(name.endswith(".tmp") for name in written)
    return bool(glob.glob(f"{out}/cells/.musc-*.tmp/overlays/*"))


deadline = time.monotonic() + 120
pid = None
while time.monotonic() < deadline:
    # Finding the process takes longer than some stages, so it is known beforehand.
    if pid is None or not os.path.exists(f"/proc/{pid}"):
        pid = process()
        continue
    if reached():
        if how == "kill":
            os.kill(pid, signal.SIGKILL)
        else:
            job = subprocess.run(
                ["squeue", "--noheader", "--states=RUNNING", f"--name=musc-{step}", "--format=%i"],
                capture_output=True, text=True, check=True).stdout.split()
            chosen = [number for number in job if step == "merge" or number.endswith("_0")]
            subprocess.run(["scontrol", "requeue", chosen[0]], check=True)
        left = [name for name in glob.glob(f"{work}/shards/00000/*") if name.endswith(".tmp")]
        print(f"{how} while {stage}{', half a file left behind' if left else ''}")
        sys.exit(0)
    time.sleep(0.0002)
sys.exit(f"{stage} was never reached")
