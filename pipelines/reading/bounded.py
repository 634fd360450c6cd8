"""The teacher in a child process with bounds on time and memory, for monstrous pages.

An extractor that takes seconds or gigabytes for one page must not take the worker with it. The child costs half a
second to start, so ordinary pages are read in the worker itself.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys

# Of which half a second is the import; a page that needs more is read without the teacher.
CPU_SECONDS = 2
WALL_SECONDS = 8.0
MEMORY_BYTES = 1_000_000_000  # of address space, of which the libraries themselves take about half


def article_lines_bounded(
    markup: str, *, cpu_seconds: int = CPU_SECONDS, wall_seconds: float = WALL_SECONDS, memory: int = MEMORY_BYTES
) -> list[str]:
    """`teacher.article_lines` in a child; empty where the child met a bound or failed."""
    command = [sys.executable, "-m", "pipelines.reading.bounded", str(cpu_seconds), str(memory)]
    try:
        done = subprocess.run(  # noqa: S603 — our own interpreter and module
            command, input=markup.encode("utf-8", "replace"), capture_output=True, timeout=wall_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return []
    if done.returncode != 0:
        return []
    lines = json.loads(done.stdout)
    return [str(line) for line in lines]


def main() -> None:
    """The child: markup on standard input, a JSON list of lines on standard output."""
    cpu_seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from pipelines.reading.teacher import article_lines

    sys.stdout.write(json.dumps(article_lines(sys.stdin.buffer.read().decode("utf-8", "replace"))))


if __name__ == "__main__":
    main()
