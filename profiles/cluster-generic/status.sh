#!/bin/sh
# Prints the state of a SLURM job: success, failed or running. A job that SLURM does not know has failed. If the controller
# does not answer, the job counts as running and Snakemake asks again.
if ! state=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>&1); then
  case $state in *"Invalid job id"*) echo failed ;; *) echo running ;; esac
  exit
fi
case $state in
  COMPLETED) echo success ;;
  PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | REQUEUE_HOLD | RESIZING | STAGE_OUT | SIGNALING | STOPPED) echo running ;;
  *) echo failed ;;
esac
