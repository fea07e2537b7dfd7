"""The keys that fix and undo. Only `a`, and `A` pressed twice, change anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from npdoctor.model.finding import Severity
from npdoctor.model.plan import Entry, Stage, Strategy
from npdoctor.report.prose import number
from npdoctor.tui.ground import Ground
from npdoctor.tui.present import Row, rows_of
from npdoctor.tui.work import Carried, Carrying, NotPlanned, Order, Planned, Planning, Running, TakingBack

NARROW = 60
# A key that is held down comes again within this many seconds, at first after 0.66 under X.
HELD = 0.7
GRAVE = (Severity.BROKEN, Severity.WARNING)
LEAVING = (
    "Still changing files. q leaves; npdoctor fix --undo puts all back. Esc stays.",
    "q again leaves, Esc stays.",
)


def order_for(row: Row | None, marked: Iterable[Row]) -> Order | None:
    """Return what a fix is asked for: what is marked, all that is broken, or one warning."""
    subjects = tuple(dict.fromkeys(one.finding.subject for one in marked))
    if subjects:
        return Order(subjects=subjects)
    if row is None or row.reason or row.finding.severity not in GRAVE:
        return None
    return Order() if row.finding.severity is Severity.BROKEN else Order(subjects=(row.finding.subject,))


class Fixing(Ground):
    """Previews fixes and undos, and carries them out when asked to."""

    clock: Callable[[], float] = staticmethod(time.monotonic)
    _pressed = 0.0

    # -- what works now -----------------------------------------------------------------------------

    def can_fix(self, action: str) -> bool:
        """Tell whether a key of this part does something now."""
        page, work = self.board.page, self.state.work
        planned = work if page == "fix" and isinstance(work, Planned) else None
        plan = planned.sheet.mending.plan if planned else None
        if action == "fix":
            again = isinstance(work, NotPlanned) or (
                isinstance(work, Carried) and not work.sheet.mending.applied
            )
            if page == "fix":
                return again and self.state.diagnosis is not None
            return page in ("", "detail") and self._order() is not None
        if action == "mark":
            row = self.board.row
            return not page and row is not None and not row.reason and row.finding.severity in GRAVE
        if action == "strategy":
            return page == "fix" and isinstance(work, (Planned, NotPlanned))
        if action == "write":
            return planned is not None and bool(planned.sheet.diffs)
        if action == "undo":
            return page in ("", "detail", "fix") and self._undoable() is not None
        if action != "install":
            return False
        if plan and planned:
            return bool(plan.changes or plan.remove) and not planned.sheet.mending.refusals
        return page == "undo" and work is None

    def key_words(self) -> Mapping[str, str]:
        """Return the words on the key line that are not the usual ones now."""
        words = dict(super().key_words())
        words |= {"lens": "as it is"} if self.state.lens else {}
        page, work = self.board.page, self.state.work
        marked = len(self._marked_rows())
        if page == "fix":
            words |= {"fix": "plan again", "close": "leave"}
            words |= {"close": "cancel"} if isinstance(work, Planning) else {}
            words |= {"close": "stop"} if isinstance(work, Carrying) else {}
        elif marked:
            words |= {"fix": f"fix {marked} marked"}
        if self.size.width < NARROW:
            words |= {"install": "install", "write": "write"}
        return words | ({"install": "undo it"} if page == "undo" else {})

    def _marked_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in rows_of(self.state.findings) if row.key in self.board.marked)

    def _order(self) -> Order | None:
        if self.board.pane.name != "findings":
            return None
        order = order_for(self.board.row, self._marked_rows())
        if order == Order() and self.state.ignored:
            broken = [f.subject for f in self.state.findings if f.severity is Severity.BROKEN]
            return Order(subjects=tuple(dict.fromkeys(broken)))
        return order

    def _undoable(self) -> Entry | None:
        if isinstance(self.state.work, Running):
            return None
        past = self.board.past
        if past:
            return past.entry if past.entry.stage is not Stage.UNDONE else None
        if self.board.page == "fix" and not isinstance(self.state.work, Carried):
            return None
        return self.state.newest_fix

    # -- fix ----------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the finding under the cursor, or take its mark away."""
        row = self.board.row
        if row:
            self.board.marked ^= {row.key}
            self.draw()

    def action_fix(self) -> None:
        """Plan, and show the plan."""
        work = self.state.work
        if self.board.page == "fix" and isinstance(work, (Carried, NotPlanned)):
            self._plan(work.order)
            return
        order = self._order()
        if order:
            row = self.board.row
            self.board.subject = row.finding.subject if row else ""
            self._plan(order)
            self.open("fix")

    def action_strategy(self) -> None:
        """Plan the next way; one that was planned is shown again at once."""
        work = self.state.work
        if isinstance(work, (Planned, NotPlanned)):
            ways = list(Strategy)
            following = ways[(ways.index(work.order.strategy) + 1) % len(ways)]
            self._plan(replace(work.order, strategy=following))

    def _plan(self, order: Order) -> None:
        self.question = ()
        self.source.repair.plan(order)
        self.follow()

    def action_write(self) -> None:
        """Write the files of the plan."""
        self.question = ()
        self.source.repair.carry_out(install=False)
        self.follow()

    def action_install(self) -> None:
        """Ask once, then write and install, or undo; a key that is held down answers nothing."""
        now, before = self.clock(), self._pressed
        self._pressed = now
        if not self.question:
            self._ask(self._before_installing())
            return
        if now - before < HELD:
            self._ask(self._before_installing(held=True))
            return
        self.question = ()
        self.board.marked = frozenset()
        if self.board.page == "undo" and self.board.entry:
            self.source.repair.take_back(self.board.entry)
        else:
            self.source.repair.carry_out(install=True)
        self.follow()

    def _before_installing(self, held: bool = False) -> tuple[str, ...]:
        work, entry = self.state.work, self.board.entry
        if isinstance(work, Planned):
            plan = work.sheet.mending.plan
            count = len(plan.changes) or len(plan.remove)
            changes = number(count, "distribution" if plan.changes else "leftover")
            files = f"write {number(len(work.sheet.diffs), 'file')} and " if work.sheet.diffs else ""
            what, short = f"{files}change {changes}", f"change {count}"
        else:
            what = short = f"undo fix {entry.id}" if entry else "undo"
        again = f"{self.board.signs.key('install', 'A')} again"
        if held:
            return (f"Let the key go, then {again}: {what}.", f"Let go, then {again}: {short}.", again)
        return (
            f"{again}: {what}. Esc changes nothing.",
            f"{again}: {short}. Esc leaves it.",
            f"{again}, or Esc",
        )

    def _ask(self, words: tuple[str, ...]) -> None:
        self.question = words
        self.draw_keys()

    # -- undo ---------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Show what undoing would put back."""
        entry = self._undoable()
        if entry is None:
            return
        self.source.repair.clear()
        self.board.entry = entry
        self.look()
        if self.board.page == "fix":
            self.turn_to("undo")
        else:
            self.open("undo")

    # -- leaving ------------------------------------------------------------------------------------

    def look(self) -> None:
        """Take the newest state; a question that has no object any more is taken back."""
        super().look()
        if self.question == LEAVING and not self.source.repair.altering:
            self._ask(())

    def action_close(self) -> None:
        """Take a question back, stop what can be stopped, or go back."""
        page, work = self.board.page, self.state.work
        if self.question:
            self._ask(())
        elif page == "fix" and isinstance(work, Carrying):
            self.source.repair.stop_carrying()
            self.follow()
        elif not isinstance(work, TakingBack) or page != "undo":
            super().action_close()
            if page == "fix" and not isinstance(work, Carried):
                self.source.repair.clear()
                self.look()

    def _must_ask(self) -> bool:
        """Ask before leaving where something is being changed; tell whether that was asked only now."""
        if not self.source.repair.altering or self.question == LEAVING:
            return False
        self._ask(LEAVING)
        return True

    async def action_quit(self) -> None:
        """Leave; while files are being changed only when asked twice."""
        if not self._must_ask():
            await super().action_quit()
