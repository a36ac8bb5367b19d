#!/bin/sh
# What became of a job of SLURM: success, failed or running. One that SLURM has forgotten has failed; a controller that does
# not answer is asked again.
if ! state=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>&1); then
  case $state in *"Invalid job id"*) echo failed ;; *) echo running ;; esac
  exit
fi
case $state in
  COMPLETED) echo success ;;
  PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | REQUEUE_HOLD | RESIZING | STAGE_OUT | SIGNALING | STOPPED) echo running ;;
  *) echo failed ;;
esac
