"""One thread, as in a job; references beside the tests."""

from longlag import environment

environment.set_environment()
