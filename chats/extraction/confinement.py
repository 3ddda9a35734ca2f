"""What a process gives up before it reads what came from anyone."""

import logging
import os
import resource
import signal

from chats.extraction import MEMORY


def confine(seconds: float) -> None:
    """No files, little memory and time, the last place in the queue for the processor.

    Not every system knows every limit (macOS none of memory): what it refuses stays as it was,
    and whoever started this process ends it in time.
    """
    cpu = int(seconds) + 1
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: cpu,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, limit in limits.items():
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):
            logging.getLogger(__name__).debug("This system has no limit %s", kind)
    signal.alarm(cpu + 5)
    os.nice(10)
