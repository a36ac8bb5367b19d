"""One thread, as in a job; references beside the tests; signals as in a terminal; rare collections of garbage."""

import gc
import signal

from longlag import environment

environment.set_environment()
gc.set_threshold(50_000, 10, 10)  # by default half a million objects, torch's and the tests', are searched every second

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell without job control starts `command &` so
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests send it to processes that they start
