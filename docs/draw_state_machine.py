"""Draws the state machine from the compiled graph: python docs/draw_state_machine.py > docs/images/state-machine.svg."""

from __future__ import annotations

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

WIDTH, HEIGHT, GAP, TOP = 120, 46, 62, 70
ORDER = ["__start__", "decompose", "review", "solve", "verify", "__end__"]
WORDS = {"review": "a human", "decompose": "teacher", "solve": "student", "verify": "answer, arithmetic"}
LABELS = {("review", "decompose"): "rejected", ("verify", "solve"): "retry"}


def draw() -> str:
    """Return the picture as SVG; its colours read well on light and on dark."""
    silent = ScriptedChatModel(script=[])
    graph = build_trace_of_thought(silent, silent, review="always").get_graph()
    order = sorted(graph.nodes, key=ORDER.index)  # a node that the picture does not know fails here
    left = {name: 10 + place * (WIDTH + GAP) for place, name in enumerate(order)}
    parts = [_node(name, left[name]) for name in order]
    for edge in graph.edges:
        parts.append(_edge(edge.source, edge.target, left, edge.conditional))
    width = left[order[-1]] + WIDTH + 10
    style = (
        ".b{fill:#eef2fb;stroke:#3f51b5;stroke-width:1.5}.t{font:600 15px sans-serif;fill:#1a237e}"
        ".s{font:12px sans-serif;fill:#37474f}.e{fill:none;stroke:#5c6bc0;stroke-width:1.6}"
        ".l{font:12px sans-serif;fill:#5c6bc0}text{text-anchor:middle}"
    )
    arrow = (
        '<marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
        '<path d="M0 0 8 4 0 8z" fill="#5c6bc0"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 150" role="img" aria-label="The state machine">'
        f"<style>{style}</style><defs>{arrow}</defs>{''.join(parts)}</svg>\n"
    )


def _node(name: str, left: int) -> str:
    middle = left + WIDTH // 2
    if name.startswith("__"):
        text = f'<text class="t" x="{middle}" y="{TOP + 28}">{name.strip("_")}</text>'
        return f'<rect class="b" x="{left + 25}" y="{TOP}" width="{WIDTH - 50}" height="{HEIGHT}" rx="23"/>{text}'
    return (
        f'<rect class="b" x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" rx="8"/>'
        f'<text class="t" x="{middle}" y="{TOP + 20}">{name}</text>'
        f'<text class="s" x="{middle}" y="{TOP + 37}">{WORDS[name]}</text>'
    )


def _edge(source: str, target: str, left: dict[str, int], conditional: bool) -> str:
    dashes = ' stroke-dasharray="5 4"' if conditional else ""
    if left[target] > left[source]:
        start = left[source] + WIDTH - (25 if source.startswith("__") else 0)
        end = left[target] + (25 if target.startswith("__") else 0)
        middle = TOP + HEIGHT // 2
        return f'<path class="e" marker-end="url(#a)"{dashes} d="M{start} {middle}H{end - 2}"/>'
    start, end = left[source] + WIDTH // 2, left[target] + WIDTH // 2
    label = f'<text class="l" x="{(start + end) // 2}" y="20">{LABELS[source, target]}</text>'
    return f'<path class="e" marker-end="url(#a)"{dashes} d="M{start} {TOP}C{start} 15 {end} 15 {end} {TOP - 2}"/>{label}'


if __name__ == "__main__":
    print(draw(), end="")
