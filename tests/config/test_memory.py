"""One arena of memory for all threads."""

import subprocess
import sys

from tests.server import ROOT, clean_environment

# The heaps that glibc tells of, after threads that all took memory at once.
CODE = """
import ctypes, tempfile, threading
from config import memory

memory.limit_arenas()
libc = ctypes.CDLL(None)
together = threading.Barrier(6)

def take():
    libc.malloc(10_000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
heaps = 1
if hasattr(libc, "malloc_info"):
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile() as file:
        stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
        libc.malloc_info(0, stream)
        libc.fclose(stream)
        heaps = file.read().count(b"<heap ")
print(heaps)
"""


def test_all_threads_share_one_arena() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "1"


def test_no_parser_of_c_is_loaded() -> None:
    """By the server's modules; 1.3 MB that nobody needs."""
    code = (
        "import sys, django; from config import memory; memory.keep_to_python(); django.setup();"
        "import config.server; sys.exit(int('pycparser' in sys.modules))"
    )
    environment = clean_environment(DJANGO_SETTINGS_MODULE="tests.settings")
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
