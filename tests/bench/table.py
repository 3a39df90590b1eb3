"""The rows of the bench report: what was measured, its bar, its peer in the same run."""
import sys

ROWS = []


def row(name, figure, bar="", peer="", verdict=None, ratio=None):
    """One line of the table; verdict None = a figure without a bar, or a peer that is missing."""
    ROWS.append({"what": name.strip(), "figure": figure, "bar": bar, "peer": peer, "ratio": ratio, "met": verdict})
    print("%-52s %-30s %-26s %-28s %-5s %s" % (name, figure, bar, peer, ratio_text(ratio), verdict_text(verdict)), file=sys.stderr, flush=True)


def ratio_text(ratio):
    return "" if ratio is None else "%.2f" % ratio


def verdict_text(verdict):
    return "" if verdict is None else "met" if verdict else "MISSED"


def markdown(rows):
    cells = [("figure of", "measured", "bar", "peer", "ratio", "")]
    cells += [(r["what"], r["figure"], r["bar"], r["peer"], ratio_text(r["ratio"]), verdict_text(r["met"])) for r in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["| " + " | ".join(text.ljust(w) for text, w in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)
