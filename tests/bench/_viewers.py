"""Many simulated viewers, and the bare server that shows how fast their frames could come at all.

Both run as processes of their own, started by bench_live. A viewer is one real connection with a session, reading
server-sent events as a browser does; what is noted is when the last byte of each frame was read.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

FRAME = re.compile(rb'data: \{"v":(\d+),')
KEPT_FRAMES = 12


class Crowd:
    """All viewers of one run: `arrivals` holds for each of them [version, moment in seconds] of every frame."""

    def __init__(self, groups: Sequence[Mapping[str, str]]) -> None:
        self.groups = groups
        self.arrivals: list[list[tuple[int, float]]] = []
        self.frames: dict[str, list[str]] = {str(place): [] for place in range(len(groups))}
        self.n_bytes = 0
        self.n_open = 0
        self.faults: list[str] = []

    async def view(self, place: int, port: int) -> None:
        """One viewer, until cancelled."""
        group = self.groups[place]
        seen: list[tuple[int, float]] = []
        self.arrivals.append(seen)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {group['path']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n"
                     f"X-Group: {place}\r\nCookie: {group['cookie']}\r\n\r\n".encode())
        try:
            status = await reader.readline()
            if b" 200 " not in status:
                self.faults.append(f"{group['name']}: {status.decode().strip()}")
                return
            await reader.readuntil(b"\r\n\r\n")
            self.n_open += 1
            await self._read(reader, str(place), seen)
            self.faults.append(f"{group['name']}: the stream ended")
        except OSError as error:
            self.faults.append(f"{group['name']}: {type(error).__name__}")
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, place: str, seen: list[tuple[int, float]]) -> None:
        # One frame is one chunk of the transfer; its length in hexadecimal stands in front.
        while length := int(await reader.readline() or b"0", 16):
            chunk = await reader.readexactly(length + 2)
            now = time.time()
            self.n_bytes += length
            if found := FRAME.match(chunk):
                seen.append((int(found[1]), now))
                # The first frame is the whole page; those that follow are what one commit costs.
                if len(seen) > 1 and len(self.frames[place]) < KEPT_FRAMES:
                    self.frames[place].append(chunk[:-2].decode())


async def watch(task: Mapping[str, Any]) -> dict[str, Any]:
    """Open `viewers` connections, spread over the groups, and read for `seconds`."""
    crowd = Crowd(task["groups"])
    tasks = []
    for number in range(task["viewers"]):
        tasks.append(asyncio.create_task(crowd.view(number % len(crowd.groups), task["port"])))
        await asyncio.sleep(0.002)
    while crowd.n_open + len(crowd.faults) < task["viewers"]:
        await asyncio.sleep(0.05)
    begun, cpu, before = time.time(), time.process_time(), crowd.n_bytes
    print(json.dumps({"open": crowd.n_open}), flush=True)
    await asyncio.sleep(task["seconds"])
    used = time.process_time() - cpu
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"arrivals": crowd.arrivals, "frames": crowd.frames, "faults": crowd.faults, "begun": begun,
            "client_cpu": 100 * used / task["seconds"],
            "bytes_a_second": (crowd.n_bytes - before) / task["seconds"]}


class Bare:
    """A server that does nothing but send the frames it was given, once a second, to whoever is connected."""

    def __init__(self, frames: Mapping[str, Sequence[str]]) -> None:
        self.frames = {group: [FRAME.sub(b'data: {"v":%d,', text.encode()) for text in texts]
                       for group, texts in frames.items() if texts}
        self.followers: list[tuple[str, asyncio.StreamWriter]] = []

    async def follow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one viewer's request; its frames come from `beat`."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        found = re.search(r"X-Group: (\d+)", head)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.followers.append((found[1] if found else "0", writer))

    async def beat(self, announce: Callable[[int], None]) -> None:
        """Once a second the next frame for everybody, built once for each group."""
        number = 0
        while True:
            await asyncio.sleep(1.0)
            number += 1
            announce(number)
            texts = {group: texts[number % len(texts)].replace(b'"v":%d,', b'"v":%d,' % number, 1)
                     for group, texts in self.frames.items()}
            chunks = {group: b"%x\r\n%b\r\n" % (len(text), text) for group, text in texts.items()}
            for group, writer in self.followers:
                if group in chunks and not writer.is_closing():
                    writer.write(chunks[group])


async def serve_bare(port: int, frames: Mapping[str, Sequence[str]]) -> None:
    """Serve until ended."""
    bare = Bare(frames)
    server = await asyncio.start_server(bare.follow, "127.0.0.1", port, backlog=2048)
    async with server:
        await bare.beat(announced)


def announced(version: int) -> None:
    """Tell the bench when a version was there."""
    sys.stdout.write(json.dumps({"version": version, "at": time.time()}) + "\n")
    sys.stdout.flush()


def more_files() -> None:
    """Each viewer is an open file, at both ends."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """`watch FILE` or `bare PORT FILE`: FILE holds the task or the frames as JSON."""
    import uvloop

    more_files()
    told = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
    if sys.argv[1] == "watch":
        print(json.dumps(uvloop.run(watch(told))), flush=True)
    else:
        uvloop.run(serve_bare(int(sys.argv[2]), told))


if __name__ == "__main__":
    main()
