"""How the HTML report looks: light and dark, narrow and on paper.

Every pair of text and ground has a contrast of at least 4.5 to 1 (WCAG 2.2, AA).
"""

LIGHT = {
    "ground": "#ffffff",
    "raised": "#f4f5f7",
    "line": "#c4c8ce",
    "text": "#1b1f24",
    "faint": "#4d5560",
    "link": "#0a4fa3",
    "broken": "#b01818",
    "warning": "#7a4a00",
    "unknown": "#6b2fa3",
    "info": "#0a5a75",
    "ok": "#1a6330",
}
DARK = {
    "ground": "#14171b",
    "raised": "#1e2228",
    "line": "#444b55",
    "text": "#e8eaed",
    "faint": "#aeb6c0",
    "link": "#86b9ff",
    "broken": "#ff9a94",
    "warning": "#f2bd5b",
    "unknown": "#d3aeff",
    "info": "#7fd0ea",
    "ok": "#82d69a",
}
TEXTS = ("text", "faint", "link", "broken", "warning", "unknown", "info", "ok")
GROUNDS = ("ground", "raised")

_RULES = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--ground);color:var(--text);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4{line-height:1.25;margin:1.6em 0 .5em}
h1{font-size:1.6rem;margin-top:.5em}
h2{font-size:1.3rem;border-bottom:1px solid var(--line);padding-bottom:.2em}
h3{font-size:1.1rem}
h4{font-size:1rem;margin:0 0 .4em}
p{margin:.5em 0}
a{color:var(--link)}
a:focus-visible,.wide:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{position:static}
nav ol{columns:14rem;padding-left:1.6em;margin:.5em 0}
code,pre{font:.9em/1.45 ui-monospace,monospace}
code{background:var(--raised);padding:.1em .25em;border-radius:3px}
pre{background:var(--raised);padding:.7em;border:1px solid var(--line);border-radius:4px;white-space:pre-wrap;
margin:.5em 0}
pre code{padding:0;background:none;font-size:1em}
.wide{overflow-x:auto;margin:.8em 0}
table{border-collapse:collapse;width:100%;overflow-wrap:normal}
caption{text-align:left;font-weight:600;padding:.3em 0}
th,td{text-align:left;vertical-align:top;padding:.35em .6em .35em 0;border-bottom:1px solid var(--line);
min-width:4.5em;overflow-wrap:break-word}
thead th{color:var(--faint)}
tbody th{font-weight:600}
.case{border:1px solid var(--line);border-left:4px solid var(--weight);border-radius:4px;padding:.7em .9em;
margin:.8em 0}
.mark{font-weight:600;white-space:nowrap;color:var(--weight)}
.verdict{font-size:1.15rem}
.broken{--weight:var(--broken)}
.warning{--weight:var(--warning)}
.unknown{--weight:var(--unknown)}
.info{--weight:var(--info)}
.ok{--weight:var(--ok)}
.kind{color:var(--faint)}
.checks{list-style:none;padding-left:0}
.checks li{margin:.3em 0}
.added{color:var(--ok)}
.removed{color:var(--broken)}
.place{color:var(--info)}
.banner{border:2px solid var(--broken);padding:.6em .9em;border-radius:4px;font-weight:600}
footer{margin-top:2em;border-top:1px solid var(--line);color:var(--faint)}
@media print{
body{max-width:none;padding:0;font-size:10pt}
nav,.skip{display:none}
.wide{overflow:visible}
.case,tr,pre{break-inside:avoid}
h2,h3,h4{break-after:avoid}
details::details-content{content-visibility:visible;height:auto}
}
"""


def style() -> str:
    """Return the sheet: colours by scheme, on paper always the light ones."""
    light, dark = _palette(LIGHT), _palette(DARK)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{_RULES}"
    )


def _palette(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())
