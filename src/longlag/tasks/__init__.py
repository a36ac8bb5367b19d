"""Long-time-lag tasks: one file per task, each a value named TASK. Written for one replica, in numpy."""
