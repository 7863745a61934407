"""The graph view beside TensorBoard, Netron and Model Explorer: the same graphs, one headless Chromium, in turns.

python benchmarks/viewer.py [--ops 1000 10000 100000 | --graphs META...] [--times 3] [--peers PYTHON] [--patience 180]

PYTHON is that of an environment with `pip install tensorboard netron ai-edge-model-explorer` (they pin other versions
than scopeview does); it is this one if left out. A server is started for each run and waits with the model loaded,
where it loads models at all; then the clock runs from asking for the page to the picture, which is when

    scopeview        the first picture has been chosen, and its layout has settled
    TensorBoard      the board has left `loading`, and its scene holds a `g.node`
    Netron           the body has the class `default`, and the graph holds nodes; from the click that its consent needs
    Model Explorer   its renderer has nodes to render

and two frames later. Opening: the first closed scope, until what it holds is in the document, or among the nodes that
Model Explorer's renderer has to render (Netron has no scopes). Moved: all that the server sent, counted on its way to
the browser. CPU: seconds that the browser's processes and the server's computed until the picture, which other work on
the machine lengthens less than it does the time. Memory: proportional share of the browser's processes, and of the
server's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from playwright.sync_api import Error, Page, sync_playwright

HERE = Path(__file__).resolve().parent
SETTLED = "svg.graph[data-settled]:not([data-settled=''])"
DRAWN = f"!!document.querySelector(\"{SETTLED}\")?.querySelector('.item')"
PREPARE = """
import sys, tensorflow as tf
from tensorflow.core.util import event_pb2
meta, graph, logdir = sys.argv[1:]
proto = tf.compat.v1.MetaGraphDef()
proto.ParseFromString(open(meta, 'rb').read())
raw = proto.graph_def.SerializeToString()
open(graph, 'wb').write(raw)
with tf.io.TFRecordWriter(logdir + '/events.out.tfevents.1.bench') as out:
    out.write(event_pb2.Event(wall_time=1.0, file_version='brain.Event:2').SerializeToString())
    out.write(event_pb2.Event(wall_time=1.0, graph_def=raw).SerializeToString())
"""
EXPLORE = """
import sys, model_explorer
config = model_explorer.config().add_model_from_path(sys.argv[1], adapterId='builtin_graphdef')
model_explorer.visualize_from_config(config, port=int(sys.argv[2]), no_open_in_browser=True)
"""


@dataclass(frozen=True)
class Inputs:
    """One graph in the forms that the tools take."""

    meta: Path
    graph: Path
    logdir: Path


@dataclass(frozen=True)
class Tool:
    """How a tool is started, and how its page is driven."""

    name: str
    command: Callable[[Inputs, int], list[str]]
    address: Callable[[str, int], str]
    drawn: Callable[[Page, float], None]
    opened: Callable[[Page], None] | None


@dataclass(frozen=True)
class Run:
    """What one run measured; None where it did not come to an end."""

    first_s: float | None
    cpu_s: float | None
    open_s: float | None
    megabytes: float
    browser_mb: float
    server_mb: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(page: Page, condition: str, patience_s: float) -> None:
    page.wait_for_function(condition, timeout=patience_s * 1000, polling=50)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def netron_drawn(page: Page, patience_s: float) -> None:
    page.locator(NETRON_DRAWN).first.wait_for(state="attached", timeout=patience_s * 1000)


def open_in_scopeview(page: Page) -> None:
    before = page.locator("svg.graph .item").count()
    page.locator("svg.graph .item.scope:not(.open, .many)").first.dispatch_event("dblclick")
    wait_for(page, f"document.querySelectorAll('svg.graph .item').length > {before}", 60)


def open_in_tensorboard(page: Page) -> None:
    count = DEEP + "deep('g.node').length"
    before = page.evaluate(count)
    page.evaluate(
        DEEP + "deep('g.node.meta > g.nodeshape')[0].dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))"
    )
    wait_for(page, f"(() => {{ {DEEP} return deep('g.node').length > {before}; }})()", 60)


def open_in_explorer(page: Page) -> None:
    before = page.evaluate(f"{EXPLORER_NODES}.length")
    page.evaluate(
        """() => { const [renderer] = Object.values(me_test.renderers);
        const closed = renderer.nodesToRender.find(({ node }) => node.nsChildrenIds && !node.expanded);
        renderer.handleToggleExpandCollapse(closed.node); }"""
    )
    wait_for(page, f"{EXPLORER_NODES}.length > {before}", 60)


DEEP = """const inside = (root) => [...root.querySelectorAll('*')].filter((one) => one.shadowRoot);
  const deep = (selector, root = document) => [...root.querySelectorAll(selector),
    ...inside(root).flatMap((one) => deep(selector, one.shadowRoot))];"""
"""TensorBoard's elements live in shadow roots."""

TENSORBOARD_DRAWN = f"(() => {{ {DEEP} return deep('g.node').length > 0 && !deep('.container.loading').length; }})()"
NETRON_DRAWN = "body.default g.node"
"""A selector: Netron forbids `eval`, which conditions need."""
EXPLORER_NODES = "Object.values(window.me_test?.renderers ?? {}).flatMap((one) => one.nodesToRender ?? [])"
"""What Model Explorer leaves for its own tests; its picture is a canvas."""


def tools(python: str) -> list[Tool]:
    scopeview = [sys.executable, "-m", "scopeview", "serve", "--no-open", "--import-up-to", "0"]
    board = [python, "-m", "tensorboard.main", "--host", "127.0.0.1"]
    netron = [python, "-c", "import netron; netron.main()", "--host", "127.0.0.1"]

    def drawn(condition: str) -> Callable[[Page, float], None]:
        return lambda page, patience: wait_for(page, condition, patience)

    def explorer_address(output: str, port: int) -> str:
        found = re.search(r"http://\S+", output)
        return found[0] if found else f"http://localhost:{port}/"

    return [
        Tool(
            "scopeview", lambda i, port: [*scopeview, "--port", str(port), str(i.meta)],
            lambda _, port: f"http://127.0.0.1:{port}/", drawn(DRAWN),
            open_in_scopeview,
        ),
        Tool(
            "TensorBoard", lambda i, port: [*board, "--logdir", str(i.logdir), "--port", str(port)],
            lambda _, port: f"http://127.0.0.1:{port}/#graphs&run=.", drawn(TENSORBOARD_DRAWN), open_in_tensorboard,
        ),
        Tool(
            "Netron", lambda i, port: [*netron, "--port", str(port), str(i.graph)],
            lambda _, port: f"http://127.0.0.1:{port}/",
            netron_drawn, None,
        ),
        Tool(
            "Model Explorer", lambda i, port: [python, "-u", "-c", EXPLORE, str(i.graph), str(port)],
            explorer_address, drawn(f"{EXPLORER_NODES}.length > 0"), open_in_explorer,
        ),
    ]  # fmt: skip


class Counter(socketserver.ThreadingTCPServer):
    """Stands before a server and counts what it sends, to workers and all."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.port = port
        self.sent = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Forward(socketserver.BaseRequestHandler):
    """One connection of the browser, handed on."""

    server: Counter

    def handle(self) -> None:
        with socket.create_connection(("localhost", self.server.port)) as behind:
            threading.Thread(target=self._hand_on, args=(self.request, behind, False), daemon=True).start()
            self._hand_on(behind, self.request, True)

    def _hand_on(self, source: socket.socket, target: socket.socket, is_counted: bool) -> None:
        with suppress(OSError):
            while read := source.recv(1 << 16):
                target.sendall(read)
                self.server.sent += len(read) if is_counted else 0
            target.shutdown(socket.SHUT_WR)


@contextmanager
def served(tool: Tool, inputs: Inputs) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(tool.command(inputs, port), stdout=output, stderr=subprocess.STDOUT)
        try:
            for _ in range(1200):
                try:
                    urllib.request.urlopen(f"http://localhost:{port}/", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            if tool.name == "scopeview":  # the model is loaded before the page is asked for
                while b'"ready"' not in urllib.request.urlopen(f"http://127.0.0.1:{port}/api/models").read():
                    time.sleep(0.1)
            while tool.name == "Model Explorer" and "http" not in _said(output):
                time.sleep(0.1)  # its address holds the model, and is printed when it is known
            yield process, tool.address(_said(output), port)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _said(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode("utf-8", "replace")


def tree_of(pid: int) -> list[int]:
    """Return a process and all below it."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for line in listed.splitlines():
        one, above = map(int, line.split())
        children.setdefault(above, []).append(one)
    queue = [pid]
    for process in queue:
        queue += children.get(process, [])
    return queue


def cpu_s(*pids: int) -> float:
    """Return the CPU seconds, user and system, of processes and all below them, those that have ended included."""
    ticks = 0
    for process in {one for pid in pids for one in tree_of(pid)}:
        with suppress(OSError):
            after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def share_mb(pid: int) -> float:
    """Return the proportional share of memory of a process and all below it, in MB."""
    total = 0
    for process in tree_of(pid):
        try:
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[0])
    return total / 1000


def run(tool: Tool, inputs: Inputs, patience_s: float) -> Run:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with served(tool, inputs) as (process, behind), sync_playwright() as playwright:
        port = int(re.findall(r":(\d+)/", behind)[0])
        counter = Counter(port)
        url = behind.replace(f":{port}/", f":{counter.server_address[1]}/", 1)
        arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        with tempfile.TemporaryDirectory() as profile:
            context = playwright.chromium.launch_persistent_context(
                profile,
                executable_path=chromium,
                args=arguments,
                viewport={"width": 1440, "height": 900},
                bypass_csp=True,  # conditions are asked for by script, which the policy of a page may forbid
            )
            page = context.pages[0]
            (browser,) = map(int, subprocess.check_output(["pgrep", "-of", profile], text=True).split())
            first = computed = opened = None
            try:
                begun, before = time.perf_counter(), cpu_s(browser, process.pid)
                page.goto(url, wait_until="commit", timeout=patience_s * 1000)
                if tool.name == "Netron":  # asks for consent at a first visit, and reads the model after that
                    agree = page.get_by_role("button", name="Accept")
                    agree.wait_for()
                    begun, before = time.perf_counter(), cpu_s(browser, process.pid)
                    agree.click()
                tool.drawn(page, patience_s)
                first = time.perf_counter() - begun
                computed = cpu_s(browser, process.pid) - before
                if tool.opened is not None:
                    begun = time.perf_counter()
                    tool.opened(page)
                    opened = time.perf_counter() - begun
            except Error as error:
                print(f"  {tool.name}: {str(error).splitlines()[0]}", file=sys.stderr)
            found = Run(first, computed, opened, counter.sent / 1e6, share_mb(browser), share_mb(process.pid))
            context.close()
        counter.shutdown()
        counter.server_close()
    return found


def inputs_of(ops: int, folder: Path) -> Inputs:
    found = Inputs(folder / f"{ops}.meta", folder / f"{ops}.pb", folder / f"{ops}_logdir")
    found.logdir.mkdir(exist_ok=True)
    subprocess.run([sys.executable, str(HERE / "training_graph.py"), "--ops", str(ops), str(found.meta)], check=True)
    prepare = [sys.executable, "-c", PREPARE, str(found.meta), str(found.graph), str(found.logdir)]
    subprocess.run(prepare, check=True, stderr=subprocess.DEVNULL)
    return found


def inputs_of_graph(meta: Path, folder: Path) -> Inputs:
    """Return a real graph in the forms that the tools take; a MetaGraph is read by TensorFlow."""
    name = f"{meta.parent.name}_{meta.stem}"
    found = Inputs(folder / f"{name}.meta", folder / f"{name}.pb", folder / f"{name}_logdir")
    found.logdir.mkdir(exist_ok=True)
    shutil.copy(meta, found.meta)
    prepare = [sys.executable, "-c", PREPARE, str(found.meta), str(found.graph), str(found.logdir)]
    subprocess.run(prepare, check=True, stderr=subprocess.DEVNULL)
    return found


def shown(values: list[float | None], unit: str, digits: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "not in time"
    text = f"{statistics.median(known):.{digits}f} {unit}"
    return text if len(known) == len(values) else f"{text} ({len(known)} of {len(values)})"


def measured(chosen: list[Tool], inputs: Inputs, times: int, patience_s: float) -> dict[str, list[Run]]:
    """Run every tool in turn, several times; what did not come to an end once is not waited for again."""
    runs: dict[str, list[Run]] = {tool.name: [] for tool in chosen}
    for _ in range(times):
        for tool in chosen:
            if all(one.first_s is not None for one in runs[tool.name]):
                runs[tool.name].append(run(tool, inputs, patience_s))
    return runs


def row(name: str, found: list[Run]) -> str:
    opened = "no scopes" if name == "Netron" else shown([r.open_s for r in found], "s", 2)
    cells = [
        name, shown([r.first_s for r in found], "s", 2), shown([r.cpu_s for r in found], "s", 2), opened,
        shown([r.megabytes for r in found], "MB", 1), shown([r.browser_mb for r in found], "MB", 0),
        shown([r.server_mb for r in found], "MB", 0),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--graphs", type=Path, nargs="*", default=[], help="MetaGraphs to open, and not those of --ops")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    parser.add_argument("--patience", type=float, default=180.0, help="seconds until a run is given up")
    parser.add_argument("--tools", nargs="*", help="only these")
    arguments = parser.parse_args()
    chosen = [tool for tool in tools(arguments.peers) if not arguments.tools or tool.name in arguments.tools]
    with tempfile.TemporaryDirectory() as folder:
        made = (inputs_of(ops, Path(folder)) for ops in arguments.ops if not arguments.graphs)
        real = (inputs_of_graph(path, Path(folder)) for path in arguments.graphs)
        for inputs in (*made, *real):
            runs = measured(chosen, inputs, arguments.times, arguments.patience)
            load = os.getloadavg()[0]
            print(f"\n{inputs.meta.stem}, load {load:.1f} on {os.cpu_count()} cores:\n")
            print("| tool | first picture | CPU | open a scope | moved | browser | server |")
            print("|---|---|---|---|---|---|---|")
            for name, found in runs.items():
                print(row(name, found), flush=True)


if __name__ == "__main__":
    main()
