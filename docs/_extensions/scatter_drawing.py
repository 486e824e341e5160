"""`scatter_drawing`: points with names, as an SVG that follows the page's colours."""

import html

_WIDTH, _HEIGHT, _MARGIN = 640, 360, 56
_LEFT, _RIGHT, _TOP, _BOTTOM = _MARGIN, _WIDTH - 40, 24, _HEIGHT - _MARGIN


def scatter_drawing(points: dict[str, tuple[float, float]], across: str, up: str, caption: str) -> str:
    """Draw named points on axes that hold 0.

    Args:
        points: `{name: (across, up)}`.
        across: What the horizontal axis is.
        up: What the vertical axis is.
        caption: Text below.

    Returns:
        A `<figure>` in one line of HTML, as Markdown wants it.
    """
    x = _place([value for value, _ in points.values()], _LEFT, _RIGHT)
    y = _place([value for _, value in points.values()], _BOTTOM, _TOP)
    zero, furthest = y(0), max([0, *(value for value, _ in points.values())])
    middle = (_LEFT + _RIGHT) / 2
    heights = {min([0, *(value for _, value in points.values())]), max([0, *(value for _, value in points.values())])}
    parts = [
        f'<line x1="{_LEFT}" x2="{_WIDTH - 20}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="currentColor" opacity="0.4"/>',
        f'<line x1="{_LEFT}" x2="{_LEFT}" y1="16" y2="{_BOTTOM + 8}" stroke="currentColor" opacity="0.4"/>',
        _text(_LEFT, _BOTTOM + 24, "0"),
        _text(_RIGHT, _BOTTOM + 24, f"{furthest:.1f}"),
        _text(middle, _BOTTOM + 44, across),
        *(_text(_LEFT - 6, y(height) + 4, f"{height:.1f}", "end") for height in sorted(heights)),
        f'<g transform="translate(14 {(_TOP + _BOTTOM) / 2}) rotate(-90)">{_text(0, 0, up)}</g>',
    ]
    for name, (far, high) in points.items():
        parts.append(f'<circle cx="{x(far):.1f}" cy="{y(high):.1f}" r="5" fill="#0072B2"/>')
        right = x(far) > middle  # a name must not run out of the drawing
        gap, anchor = (-9, "end") if right else (9, "start")
        parts.append(_text(x(far) + gap, y(high) + 4, f"{name}: {high:.1f}", anchor))
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" fill="currentColor" '
        f'style="max-width: {_WIDTH}px; font-size: 13px"><title>{html.escape(f"{up} against {across}")}</title>'
        f"{''.join(parts)}</svg><figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def _place(values, start, end):
    """Function from a value to its place, so that all values and 0 lie between start and end."""
    low, high = min([0, *values]), max([0, *values])
    return lambda value: start + (value - low) / ((high - low) or 1) * (end - start)


def _text(x, y, text, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'
