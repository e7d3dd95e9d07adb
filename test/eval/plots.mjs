// Small SVG plots, as text. Values of accuracy and kept fractions run from 0 to 1.

const [width, height] = [340, 220];
const box = { left: 34, right: 10, top: 10, bottom: 24 };
const colours =
  '#1b6e4b #d0812e #4a6fb5 #a33f5b #7a6a2f #5b4a8a #2b8f9c #b05c98 #6b7c3f #8a4b2f #555e68'.split(
    ' ',
  );

const escape = (text) => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;');
const svg = (body, h = height) => `<svg viewBox="0 0 ${width} ${h}" role="img">${body}</svg>`;
const across = (i, many) =>
  box.left + ((i + 0.5) * (width - box.left - box.right)) / Math.max(1, many);
const up = (value) => height - box.bottom - value * (height - box.top - box.bottom);
const text = (x, y, words, anchor = 'middle') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escape(words)}</text>`;
const line = (x1, y1, x2, y2, colour) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ` +
  `${colour ? `stroke="${colour}"` : 'class="axis"'}/>`;

const axes = () =>
  [0, 0.25, 0.5, 0.75, 1]
    .map(
      (value) =>
        line(box.left, up(value), width - box.right, up(value)) +
        text(box.left - 4, up(value) + 4, `${value * 100}`, 'end'),
    )
    .join('');

/** lines: [{ name, points: [{ x, y, low, high }] }], x in the order they come. */
export function linePlot(lines) {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))];
  const labels = xs.map((x, i) => text(across(i, xs.length), height - 8, x)).join('');
  const body = lines.map(({ points }, n) => {
    const colour = colours[n % colours.length];
    // Side by side, so that intervals do not lie over each other.
    const at = ({ x }) => across(xs.indexOf(x), xs.length) + (n - (lines.length - 1) / 2) * 5;
    const path = points
      .map((point) => `${at(point).toFixed(1)},${up(point.y).toFixed(1)}`)
      .join(' ');
    const marks = points.map(
      (point) =>
        line(at(point), up(point.low), at(point), up(point.high), colour) +
        `<circle cx="${at(point).toFixed(1)}" cy="${up(point.y).toFixed(1)}" r="3" fill="${colour}"/>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}"/>${marks.join('')}`;
  });
  const legend = lines.map(({ name }, n) => {
    const y = height + 6 + n * 14;
    return `<circle cx="${box.left}" cy="${y}" r="4" fill="${colours[n % colours.length]}"/>${text(box.left + 9, y + 4, name, 'start')}`;
  });
  return svg(axes() + labels + body.join('') + legend.join(''), height + 8 + lines.length * 14);
}

/** bars: [{ name, value, label }], from 0. */
export function barPlot(bars) {
  const most = Math.max(...bars.map(({ value }) => value), 1e-9);
  const body = bars.map(({ name, value, label }, i) => {
    const y = 8 + i * 36;
    const long = (value / most) * (width - 20);
    return (
      `${text(4, y + 10, `${name}: ${label}`, 'start')}` +
      `<rect x="4" y="${y + 14}" width="${long.toFixed(1)}" height="12" fill="${colours[i % colours.length]}"/>`
    );
  });
  return svg(body.join(''), 12 + bars.length * 36);
}

/** Kept fraction of each layer, the first on the left. */
export function layerPlot(kept) {
  const wide = (width - box.left - box.right) / kept.length;
  const body = kept.map(
    (value, i) =>
      `<rect x="${(box.left + i * wide + 1).toFixed(1)}" y="${up(value).toFixed(1)}" width="${Math.max(1, wide - 2).toFixed(1)}" ` +
      `height="${(up(0) - up(value)).toFixed(1)}" fill="${colours[0]}"><title>Layer ${i}: ${(value * 100).toFixed(1)} %</title></rect>`,
  );
  const every = Math.ceil(kept.length / 8);
  const labels = kept.map((_, i) =>
    i % every === 0 ? text(across(i, kept.length), height - 8, i) : '',
  );
  return svg(axes() + body.join('') + labels.join(''));
}
