"""A plot of time over size, both logarithmic, as SVG: readable on light and on dark paper."""

import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 236, 24, 52
COLOURS = ("#8a8a8a", "#d1495b", "#3d7ea6", "#5b9279", "#b8860b", "#7d5ba6", "#c06c2b")


def svg(title, lines):
    """`lines`: for each program its name and its points, (megabytes, seconds)."""
    points = [point for _, of_line in lines for point in of_line]
    decades = lambda values: (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))))  # noqa: E731
    (left, right), (low, high) = decades([x for x, _ in points]), decades([y for _, y in points])
    plot_width, plot_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    across = lambda x: LEFT + plot_width * (math.log10(x) - left) / (right - left)  # noqa: E731
    up = lambda y: TOP + plot_height * (high - math.log10(y)) / (high - low)  # noqa: E731
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        "<style>text{font:12px sans-serif;fill:#333}.g{stroke:#8884;stroke-width:1}.l{fill:none;stroke-width:2}"
        "@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    ]
    for decade in range(left, right + 1):
        x = across(10**decade)
        out.append(f'<path class="g" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number(10**decade)} MB</text>')
    for decade in range(low, high + 1):
        y = up(10**decade)
        out.append(f'<path class="g" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{seconds(10**decade)}</text>')
    out.append(f'<text x="{LEFT + plot_width / 2:.1f}" y="{HEIGHT - 12}" text-anchor="middle">size of the ResourceList</text>')
    labels = spread([up(of_line[-1][1]) for _, of_line in lines], 15)
    for (name, of_line), label, colour in zip(lines, labels, COLOURS):
        path = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in of_line)
        out.append(f'<path class="l" stroke="{colour}" d="M{path}"/>')
        out.extend(f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in of_line)
        x, y = of_line[-1]
        out.append(f'<text x="{max(across(x) + 8, WIDTH - RIGHT + 8):.1f}" y="{label + 4:.1f}" style="fill:{colour}">{name}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def spread(places, gap):
    """The places, moved apart so that each has `gap`."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved, last = list(places), -gap
    for index in order:
        moved[index] = max(places[index], last + gap)
        last = moved[index]
    return moved


def number(value):
    return f"{value:g}"


def seconds(value):
    return f"{value:g} s" if value >= 1 else f"{value * 1e3:g} ms"
