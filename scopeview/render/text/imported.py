"""What TensorFlow said of a graph that it imported."""

from __future__ import annotations

from scopeview.model.imported import ImportReport
from scopeview.render.formats import plural, printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text

_SHOWN = 10


def print_import(console: Console, report: ImportReport) -> None:
    """Print whether TensorFlow accepts the graph, and every way in which it disagrees with what was read."""
    console.print()
    console.print(Text("import through tf.compat.v1", style="heading"))
    version = f"TensorFlow {report.tensorflow_version}, {report.elapsed_s:.1f} s"
    if not report.tensorflow_version:
        console.print(Text(f"  not finished: {printable(report.error)}", style="error"))
    elif not report.ok:
        console.print(Text(f"  refused by {version}: {printable(report.error)}", style="error"))
    else:
        context = (
            f"  accepted by {version}: {plural(len(report.op_types), 'op')}; rebuilt from the collections: "
            f"{plural(len(report.variables), 'variable')}, {plural(len(report.collections), 'collection')}"
        )
        console.print(Text(context))
    for name in report.unregistered[:_SHOWN]:
        console.print(
            Text(
                f"  ! op type {printable(name)} is not registered in this TensorFlow",
                style="warning",
            )
        )
    for difference in report.differences[:_SHOWN]:
        console.print(Text(f"  ! {printable(difference)}", style="warning"))
    hidden = len(report.differences) - _SHOWN
    if hidden > 0:
        console.print(Text(f"  … {hidden:,} more differences: --json lists them", style="quiet"))
    if report.ok and not report.differences:
        console.print(Text("  TensorFlow and what was read agree on all of these", style="quiet"))
