// The results as one page that needs nothing else: plots are SVG, every figure also stands in a table.
import { barPlot, layerPlot, linePlot } from './plots.mjs';

const escape = (text) =>
  String(text).replace(
    /[&<>"]/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c],
  );
const percent = (value) => `${(value * 100).toFixed(1)}`;
const short = (tokens) => (tokens % 1024 === 0 ? `${tokens / 1024}K` : String(tokens));
const unique = (values) => [...new Set(values)];

const style = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
svg .axis { stroke: currentColor; stroke-opacity: .35; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
`;

const figure = (caption, svg) =>
  `<figure><figcaption>${escape(caption)}</figcaption>${svg}</figure>`;

function accuracyPlots({ cells, titles, configurations }, order) {
  const names = configurations.map(({ name }) => name);
  const tasks = ['all', ...unique(cells.map(({ task }) => task)).filter((task) => task !== 'all')];
  return tasks.map((task) => {
    const own = cells.filter((cell) => cell.task === task && cell.order === order);
    const lines = names
      .map((name) => ({
        name,
        points: own
          .filter(({ configuration }) => configuration === name)
          .sort((a, b) => a.tokens - b.tokens)
          .map(({ tokens, accuracy }) => ({ x: short(tokens), y: accuracy.mean, ...accuracy })),
      }))
      .filter(({ points }) => points.length > 0);
    return figure(task === 'all' ? 'All tasks' : titles[task], linePlot(lines));
  });
}

function speedPlots({ readings, configurations }) {
  return unique(readings.map(({ tokens }) => tokens)).map((tokens) => {
    const bars = configurations.flatMap(({ name }) =>
      readings
        .filter((each) => each.tokens === tokens && each.configuration === name)
        .map(({ seconds, speedUp }) => ({
          name,
          value: seconds,
          label: `${seconds.toFixed(2)} s${speedUp ? `, × ${speedUp.toFixed(2)}` : ''}`,
        })),
    );
    return figure(`Reading ${short(tokens)} tokens, median`, barPlot(bars));
  });
}

function keptPlots({ readings, configurations }) {
  const longest = Math.max(...readings.map(({ tokens }) => tokens));
  return configurations.flatMap(({ name }) =>
    readings
      .filter((each) => each.tokens === longest && each.configuration === name)
      .map(({ keptByLayer }) =>
        figure(`${name}: kept by layer, ${short(longest)}`, layerPlot(keptByLayer)),
      ),
  );
}

function cellTable({ cells, titles }) {
  const row = ({ task, tokens, order, configuration, accuracy, change }) =>
    `<tr><td>${escape(titles[task] ?? 'All tasks')}<td>${short(tokens)}<td>${escape(order)}<td>${escape(configuration)}` +
    `<td>${accuracy.items}<td>${accuracy.documents}<td>${percent(accuracy.mean)}` +
    `<td>${percent(accuracy.low)} – ${percent(accuracy.high)}` +
    `<td>${change ? percent(change.mean) : ''}<td>${change ? `${percent(change.low)} – ${percent(change.high)}` : ''}</tr>`;
  const heads = [
    'task',
    'length',
    'order',
    'configuration',
    'items',
    'documents',
    '% right',
    '95 %',
    'to exact',
    '95 %',
  ];
  return `<table><tr>${heads.map((head) => `<th>${head}`).join('')}</tr>${cells.map(row).join('')}</table>`;
}

function referenceTable({ references, titles }) {
  const cell = ({ mean, low, high }) =>
    `<td>${percent(mean)}<td>${percent(low)} – ${percent(high)}`;
  const row = ({ task, tokens, order, configuration, among, alone, quoted }) =>
    `<tr><td>${escape(titles[task] ?? 'All tasks')}<td>${short(tokens)}<td>${escape(order)}<td>${escape(configuration)}` +
    `<td>${among.items}${[among, alone, quoted].map(cell).join('')}</tr>`;
  const heads = ['task', 'length', 'order', 'configuration', 'right answers'];
  const shares = ['% page among three', '% by attention alone', '% quoted'];
  const all = [...heads, ...shares.flatMap((head) => [head, '95 %'])];
  return `<table><tr>${all.map((head) => `<th>${head}`).join('')}</tr>${references.map(row).join('')}</table>`;
}

export function page(results) {
  const { model, device, date, seed, books, complete } = results;
  const orders = unique(results.cells.map(({ order }) => order));
  const parts = orders.map(
    (order) =>
      `<h2>Accuracy by length: ${order === 'at once' ? 'question in the prompt' : 'document read first, then asked'}</h2>` +
      `<div class="plots">${accuracyPlots(results, order).join('')}</div>`,
  );
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Longleaf evaluation</title>` +
    `<meta name="viewport" content="width=device-width"><style>${style}</style>` +
    `<h1>${escape(model.name)}</h1><p>${escape(device)}; ${escape(date.slice(0, 10))}; seed ${escape(seed)}; text of ` +
    `${escape(books)}${complete ? '' : '; not complete'}. Bars and ranges are 95 % intervals; “to exact” compares ` +
    `the same items read exactly.</p>${parts.join('')}` +
    `<h2>Speed</h2><div class="plots">${speedPlots(results).join('')}</div>` +
    `<h2>What was kept</h2><div class="plots">${keptPlots(results).join('')}</div>` +
    `<h2>Every figure</h2>${cellTable(results)}` +
    `<h2>References of right answers</h2>${referenceTable(results)}</html>\n`
  );
}
