"""The keys that find a command by its name and run it."""

from __future__ import annotations

from collections.abc import Mapping

from textual.events import Key as KeyPress

from npdoctor.tui.pages import rule_lines
from npdoctor.tui.palette import Command, command_line, commands, found, palette_lines
from npdoctor.tui.themes import theme_named
from npdoctor.tui.theming import Theming

AROUND = 4


class Commanding(Theming):
    """Takes words while the commands are open, as the filter does."""

    _commands: tuple[Command, ...] = ()
    _commanding = False
    _typed = ""
    _chosen = 0

    def action_palette(self) -> None:
        """Open the commands that work now; where no Python could be examined, those that name others."""
        self._commands = commands(self.working(), self.board.key_table, self.state)
        typed = "examine " if self._has_no_target() else ""
        self._commanding, self._typed, self._chosen, self.typing = True, typed, 0, True
        self._list_commands()
        self.open("palette")

    def key_words(self) -> Mapping[str, str]:
        """Return the words on the key line that are not the usual ones now."""
        words = super().key_words()
        return {**words, "palette": "choose another Python"} if self._has_no_target() else words

    def _has_no_target(self) -> bool:
        failure = self.state.failure
        return failure is not None and not failure.own and self.state.target is None

    def draw_keys(self) -> None:
        """Draw what is looked for in place of the keys."""
        if self._commanding:
            self.board.keys.draw([command_line(self._typed, self.size.width, self.board.signs)])
        else:
            super().draw_keys()

    def on_key(self, event: KeyPress) -> None:
        """Take what is typed for the commands."""
        if not self._commanding or event.key == "ctrl+c":
            return
        event.prevent_default()
        rows = found(self._commands, self._typed)
        if event.key in ("enter", "escape"):
            self._leave_commands()
            if event.key == "enter" and rows:
                self.call_later(self._run, rows[self._chosen])
            return
        self._take(event, len(rows))
        self._list_commands()
        self.draw()

    def _take(self, event: KeyPress, rows: int) -> None:
        moves = {"down": 1, "ctrl+n": 1, "up": -1, "ctrl+p": -1, "tab": 1, "shift+tab": -1}
        if event.key in moves:
            self._chosen = max(0, min(self._chosen + moves[event.key], rows - 1))
            return
        if event.key in ("backspace", "ctrl+h"):
            self._typed = self._typed[:-1]
        elif event.key == "ctrl+u":
            self._typed = ""
        elif event.is_printable and event.character:
            self._typed += event.character
        self._chosen = 0

    def _leave_commands(self) -> None:
        self._commanding = self.typing = False
        self.action_close()

    def _list_commands(self) -> None:
        rows = found(self._commands, self._typed)
        content = palette_lines(rows, self._chosen, self.size.height - AROUND, self.board.signs)
        self.board.extra |= {"palette": (("palette", self._typed, self._chosen), content)}

    async def _run(self, command: Command) -> None:
        theme = theme_named(command.value)
        if command.kind == "theme" and theme:
            self.put_on(theme)
        elif command.kind == "python":
            self.source.start_over(command.value)
            self.follow()
        elif command.kind == "rule" and self.state.book:
            rule, signs = self.state.book.codes[command.value], self.board.signs
            self.board.extra |= {
                "rule": (("rule", rule.code), lambda width: rule_lines(rule, width, signs)),
            }
            self.open("rule")
        elif command.kind == "action" and self.check_action(command.value, ()):
            await self.run_action(command.value)
