"""Run the import probe: order importers from the agent, keep the clock, and judge no one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import Any

from npdoctor.model.outcome import Died, ImportJob, NoAnswer, NotTried, Outcome
from npdoctor.probe.control import Control
from npdoctor.probe.imports.channel import Channel, Peer
from npdoctor.probe.imports.node import ROOT, Limits, Node
from npdoctor.probe.imports.records import from_exit, from_record, with_output
from npdoctor.probe.imports.settlement import OnOutcome, Settlement
from npdoctor.probe.imports.tree import Branch

SPAWN_LIMIT = 10.0
GRACE = 3.0
CLOCK_PAUSE = 0.1
OUTPUT_GRACE = 1.0

# What nearly every package imports of the standard library: imported once, in the trunk of the tree.
TRUNK = "standard library"
STANDARD = (
    "argparse", "ast", "asyncio", "collections.abc", "concurrent.futures", "contextlib", "copy", "csv",
    "ctypes", "dataclasses", "datetime", "decimal", "difflib", "email.message", "enum", "fractions",
    "functools", "hashlib", "http.client", "importlib.metadata", "importlib.resources", "inspect", "json",
    "logging", "multiprocessing", "numbers", "pathlib", "pickle", "platform", "pprint", "queue", "random",
    "re", "shutil", "ssl", "subprocess", "tempfile", "textwrap", "threading", "traceback", "typing",
    "unittest.mock", "urllib.request", "uuid", "warnings", "zipfile",
)  # fmt: skip


class Session:
    """One run of the probe over a tree of branches.

    Outcomes are told once each, when the settlement holds them for final.
    """

    def __init__(self, channel: Channel, limits: Limits, control: Control, on_outcome: OnOutcome) -> None:
        self.channel = channel
        self.limits = limits
        self.control = control
        self.nodes: dict[str, Node] = {}
        self.root: Peer | None = None
        self.tasks = 0
        self._looked = 0.0
        self.settlement = Settlement(on_outcome, self._try_alone)
        self._handlers = {
            "begin": self._on_begin,
            "stage": self._on_stage,
            "end": self._on_end,
            "done": self._on_done,
            "output": self._on_output,
            "exit": self._on_exit,
        }

    def plan(self, branches: Sequence[Branch]) -> None:
        """Take the branches in."""
        if branches:
            self._add(Node(TRUNK, ROOT, [], -2, standard=STANDARD))
        present = {branch.distribution for branch in branches}
        self.tasks += sum(len(branch.jobs) for branch in branches)
        for branch in branches:
            parent = branch.parent if branch.parent in present else None
            self._add(
                Node(
                    f"{branch.distribution}#1",
                    f"{parent}#1" if parent else TRUNK,
                    list(branch.jobs),
                    branch.rank,
                    limit=min(self.limits.timeout, max(5.0, self.limits.timeout / 2)),
                )
            )

    def plan_programs(self, programs: Mapping[ImportJob, str]) -> None:
        """Take in programs to be run, each in a process of its own, after the imports."""
        self.tasks += len(programs)
        for job, source in programs.items():
            self._add(
                Node(f"{job.path}#1", ROOT, [job], 2, alone=True, limit=self.limits.timeout, source=source)
            )

    def finished(self) -> bool:
        """Tell whether every outcome has been told."""
        return len(self.settlement.told) == self.tasks

    def step(self, timeout: float) -> None:
        """Start what can be started, and take in what arrives within `timeout` seconds."""
        if not self.control.paused:
            self._start_ready()
        for peer, message in self.channel.poll(timeout):
            if message is None:
                self._on_hangup(peer)
            elif "role" in message:
                self._on_hello(peer)
            elif peer.node in self.nodes and message.get("event") in self._handlers:
                node = self.nodes[peer.node]
                if not node.ended:
                    self._handlers[str(message["event"])](node, message)
        if time.monotonic() - self._looked > CLOCK_PAUSE:
            self._looked = time.monotonic()
            self._check_clocks()
        self._dismiss_servers()

    def abandon(self, reason: str) -> None:
        """Kill all importers and tell that the rest was not tried."""
        for node in self.nodes.values():
            self._kill_directly(node)
            for job in node.jobs:
                self.settlement.tell(job, NotTried(reason))

    # -- starting ---------------------------------------------------------------------------------

    def _add(self, node: Node) -> None:
        self.nodes[node.id] = node

    def _server(self, node: Node) -> Peer | None:
        if node.parent == ROOT:
            return self.root
        parent = self.nodes[node.parent]
        if parent.state == "serving":
            return parent.importer
        if parent.state == "over":
            node.parent = ROOT
            return self.root
        return None

    def _start_ready(self) -> None:
        running = sum(node.state in ("ordered", "running") for node in self.nodes.values())
        waiting = sorted((n for n in self.nodes.values() if n.state == "waiting"), key=lambda n: n.rank)
        for node in waiting:
            if running >= self.limits.jobs:
                return
            server = self._server(node)
            if server is None:
                continue
            order = {
                "op": "spawn",
                "node": node.id,
                "modules": [[job.path, job.module] for job in node.jobs],
                "source": node.source,
                "standard": list(node.standard),
                "server": self._grows(node) and not node.alone,
                "nonce": node.nonce,
                "memory": self.limits.memory,
            }
            node.state, node.since, node.server = "ordered", time.monotonic(), server
            if server.send(**order):
                running += 1
            else:
                self._respawn_from_root(node)

    def _grows(self, node: Node) -> bool:
        return any(other.parent == node.id and other.state == "waiting" for other in self.nodes.values())

    def _dismiss_servers(self) -> None:
        """Let importers go that nothing more will be forked from."""
        serving = [node for node in self.nodes.values() if node.state == "serving"]
        growing = {node.parent for node in self.nodes.values() if node.state == "waiting"} if serving else ()
        for node in serving:
            if node.id not in growing:
                node.state = "over"
                if node.importer:
                    node.importer.send(op="leave")

    def _respawn_from_root(self, node: Node) -> None:
        if node.parent == ROOT:
            self._end_node(node, NotTried("the probe's own process could not be started"))
            return
        node.parent, node.state = ROOT, "waiting"

    # -- messages ---------------------------------------------------------------------------------

    def _on_hello(self, peer: Peer) -> None:
        if peer.role == "server":
            self.root = peer
            return
        node = self.nodes.get(peer.node)
        if node is None or node.ended:
            self.channel.drop(peer)
            return
        if peer.role == "guard":
            node.guard = peer
        else:
            node.importer = peer
        if node.state == "ordered":
            node.state, node.since = "running", time.monotonic()

    def _on_begin(self, node: Node, message: dict[str, Any]) -> None:
        if 0 <= int(message["index"]) < len(node.jobs):
            node.index, node.since, node.loading = int(message["index"]), time.monotonic(), None

    def _on_stage(self, node: Node, message: dict[str, Any]) -> None:
        node.loading = str(message["stage"])

    def _on_end(self, node: Node, message: dict[str, Any]) -> None:
        index = int(message["index"])
        if index != node.index:
            return
        try:
            node.outcomes[index] = from_record(message)
        except (ValueError, KeyError, TypeError) as error:
            node.outcomes[index] = NotTried(f"its process reported nothing readable: {error!r}")
        node.index = None

    def _on_output(self, node: Node, message: dict[str, Any]) -> None:
        index = int(message["index"])
        node.outputs[index] = str(message["text"])
        if index in node.outcomes:
            self._settle(node, index)

    def _on_done(self, node: Node, _message: dict[str, Any]) -> None:
        node.state = "serving" if self._grows(node) else "over"
        node.index, node.since = None, time.monotonic()

    def _on_exit(self, node: Node, message: dict[str, Any]) -> None:
        """Note how the process ended; what it said before may still be on its way."""
        node.exit, node.since = (int(message["status"]), message["why"]), time.monotonic()
        if node.importer is not None and node.importer not in self.channel.peers:
            self._end_by_exit(node)

    def _end_by_exit(self, node: Node) -> None:
        if node.exit is not None:
            self._finish(node, from_exit(*node.exit, node.loading))

    def _on_hangup(self, peer: Peer) -> None:
        node = self.nodes.get(peer.node)
        if peer is self.root:
            self.root = None
        elif node is not None and peer is node.importer:
            self._end_by_exit(node)
        elif node is not None and peer is node.guard and not node.ended and node.exit is None:
            self._kill_directly(node)
            self._finish(node, Died(None, None, node.loading, "killed the process that started it"))

    # -- ends -------------------------------------------------------------------------------------

    def _finish(self, node: Node, death: Died) -> None:
        """Close a node whose process is gone; what it had not begun goes to another one."""
        if node.ended:
            return
        node.ended = True
        unfinished = node.state in ("ordered", "running")
        node.state = "over"
        for index in range(len(node.jobs)):
            if index in node.outcomes:
                self._settle(node, index)
        if not unfinished:
            return
        if node.index is None and node.outcomes.keys() != set(range(len(node.jobs))):
            node.index = len(node.outcomes)
        if node.index is not None and node.index not in node.outcomes:
            outcome: Outcome = death
            if node.kill_reason == "time":
                outcome = NoAnswer(node.limit, node.loading)
            self._fail_from(node, node.index, outcome)
        self._release_children(node)

    def _fail_from(self, node: Node, index: int, outcome: Outcome) -> None:
        """Give the outcome to the job that was running, and to those its package would stop too."""
        node.outcomes[index] = outcome
        self._settle(node, index)
        rest = []
        package = node.loading if node.loading and "/" not in node.loading else None
        for later in range(index + 1, len(node.jobs)):
            job = node.jobs[later]
            if package and job.module != package and job.module.startswith(package + "."):
                node.outcomes[later] = outcome
                self._settle(node, later)
            else:
                rest.append(job)
        if rest:
            self._continue(node, rest)

    def _continue(self, node: Node, rest: list[ImportJob]) -> None:
        name, _, number = node.id.rpartition("#")
        successor = Node(f"{name}#{int(number) + 1}", node.parent, rest, node.rank, limit=node.limit)
        self._add(successor)
        for other in self.nodes.values():
            if other.parent == node.id:
                other.parent = successor.id

    def _release_children(self, node: Node) -> None:
        for other in self.nodes.values():
            if other.parent == node.id and other.state == "waiting":
                other.parent = ROOT

    def _end_node(self, node: Node, outcome: Outcome) -> None:
        node.state, node.ended = "over", True
        for index in range(len(node.jobs)):
            node.outcomes.setdefault(index, outcome)
            self._settle(node, index)

    def _settle(self, node: Node, index: int) -> None:
        """Hand on an outcome with all that was printed meanwhile, once."""
        if index in node.settled:
            return
        node.settled.add(index)
        outcome = with_output(node.outcomes[index], node.outputs.get(index, ""))
        take = self.settlement.take_alone if node.alone else self.settlement.take
        take(node.jobs[index], outcome)

    def _try_alone(self, job: ImportJob) -> None:
        self._add(Node(f"{job.path}#1", ROOT, [job], -1, alone=True, limit=self.limits.timeout))

    # -- clocks -----------------------------------------------------------------------------------

    def _check_clocks(self) -> None:
        now = time.monotonic()
        for node in tuple(self.nodes.values()):
            if node.exit is not None and not node.ended:
                if now - node.since > OUTPUT_GRACE:
                    self._end_by_exit(node)
            elif node.state == "ordered" and self._order_is_lost(node, now):
                node.state = "waiting"
            elif node.state == "ordered" and now - node.since > SPAWN_LIMIT:
                self._respawn_from_root(node)
            elif node.state == "running" and now - node.since > node.limit:
                self._kill(node, now)
            elif node.state in ("serving", "over") and now - node.since > OUTPUT_GRACE:
                self._settle_silent(node)

    def _order_is_lost(self, node: Node, now: float) -> bool:
        """Tell whether the server died with the order, or before its child could say anything."""
        return node.server not in self.channel.peers and now - node.since > GRACE

    def _settle_silent(self, node: Node) -> None:
        """Settle what a node without an output pipe imported: its guard has nothing to tell."""
        for index in node.outcomes.keys() - node.settled:
            self._settle(node, index)

    def _kill(self, node: Node, now: float) -> None:
        if node.kill_reason is None:
            node.kill_reason, node.since = "time", now - node.limit + GRACE
            if node.guard is None or not node.guard.send(op="kill", why="time"):
                self._kill_directly(node)
        else:
            self._kill_directly(node)
            self._finish(node, Died(None, None, node.loading, "did not go when told"))

    def _kill_directly(self, node: Node) -> None:
        pids = [node.importer.pid if node.importer else 0, node.guard.child if node.guard else 0]
        for pid in {pid for pid in pids if pid > 1 and not node.ended}:
            for kill in (os.killpg, os.kill):
                try:
                    kill(pid, signal.SIGKILL)
                except OSError:
                    continue
