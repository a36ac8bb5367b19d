"""One thread, as in a job; references beside the tests; signals as in a terminal."""

import signal

from longlag import environment

environment.set_environment()

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # a shell without job control starts `command &` so
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests send it to processes that they start
