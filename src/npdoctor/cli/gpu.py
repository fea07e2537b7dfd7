"""`npdoctor gpu`: GPUs, driver, CUDA, and which installed builds can use them."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from npdoctor import __version__
from npdoctor.cli.output import Output
from npdoctor.cli.page import check_format
from npdoctor.errors import UsageError

if TYPE_CHECKING:
    from npdoctor.model.diagnosis import Diagnosis


def gpu(args: argparse.Namespace, output: Output) -> int:
    """Examine GPUs and builds by reading alone, and write the result; or watch the load."""
    check_format("gpu", args)
    if args.smoke:
        raise UsageError("gpu imports and runs nothing: --smoke has no place here")
    if args.watch is not None:
        if args.assume:
            raise UsageError("--watch looks at what is here: --assume has no place beside it")
        from npdoctor.cli.gpu_watch import watch

        return watch(args, output)
    return _once(args, output)


def _once(args: argparse.Namespace, output: Output) -> int:
    from npdoctor.cli.check import assumptions, examine_target, read_config

    config = read_config(output)
    assumed, machine = assumptions(args)
    args.no_import = True
    diagnosis, _, _ = examine_target(args, assumed, output, machine)

    from npdoctor.cli.screen import layout_for
    from npdoctor.report.ignored import ignored_lines, without_ignored
    from npdoctor.report.person import person_redactor
    from npdoctor.report.verdict import chosen, exit_code

    found, ignored = without_ignored(_of_gpus(diagnosis), config.ignores)
    shown = chosen(found, args.select, args.ignore)
    code = exit_code(shown, args.fail_on, args.strict)
    redactor = person_redactor(os.environ, enabled=not args.no_redact)
    for line in ignored_lines(ignored, redactor, layout_for(args, output).width):
        output.say(f"npdoctor: {line.strip()}")
    if args.format == "json":
        from npdoctor.report.gpu_json import gpu_document

        document = gpu_document(shown, redactor, __version__, code)
        output.result(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        from npdoctor.report.gpu_text import gpu_text

        output.result(gpu_text(shown, redactor, __version__, code, layout_for(args, output)))
    return code


def _of_gpus(diagnosis: Diagnosis) -> Diagnosis:
    """Keep the findings on GPUs, on this machine, and on what was built for CUDA or against torch."""
    cuda = diagnosis.snapshot.cuda
    names = {"npdoctor"}
    if cuda:
        names |= {build.distribution for build in cuda.others} | {c.distribution for c in cuda.companions}
        names |= {"torch"} if cuda.torch else set()
    kept = tuple(f for f in diagnosis.findings if f.code.startswith(("NPD3", "NPD4")) or f.subject in names)
    return replace(diagnosis, findings=kept)
