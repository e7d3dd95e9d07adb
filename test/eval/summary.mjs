// From single answers to tables: accuracy with its interval, what was lost against exact reading of the same
// items, and time.
import { estimate, estimateDifference } from './statistics.mjs';

const keyed = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    const name = key(row);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(row);
  }
  return groups;
};

const itemOf = ({ task, tokens, document, item, order }) =>
  [task, tokens, document, item, order].join(' | ');
const documentOf = ({ task, tokens, document }) => [task, tokens, document].join(' | ');
const byDocument = (rows, value) =>
  [...keyed(rows, documentOf).values()].map((group) => group.map(value));

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Rows by task (and all tasks together), length, order and configuration. */
function cellsOf(rows) {
  const cellOf = (task) => (row) =>
    JSON.stringify({
      task: task ?? row.task,
      tokens: row.tokens,
      order: row.order,
      configuration: row.configuration,
    });
  return [...keyed(rows, cellOf()), ...keyed(rows, cellOf('all'))];
}

export function summarise(rows) {
  const exact = new Map(
    rows.filter(({ configuration }) => configuration === 'exact').map((row) => [itemOf(row), row]),
  );
  return cellsOf(rows).map(([key, group]) => {
    const paired = group.filter((row) => exact.has(itemOf(row)));
    const change = (row) => row.score - exact.get(itemOf(row)).score;
    return {
      ...JSON.parse(key),
      accuracy: estimate(byDocument(group, ({ score }) => score)),
      change: paired.length > 0 ? estimateDifference(byDocument(paired, change)) : null,
    };
  });
}

/** Of right answers: the page of the fact among the first three references, by attention alone, quoted at all. */
export function summariseReferences(rows) {
  const right = rows.filter(({ references, score }) => references && score === 1);
  return cellsOf(right).map(([key, group]) => {
    const share = (holds) => estimate(byDocument(group, (row) => (holds(row.references) ? 1 : 0)));
    return {
      ...JSON.parse(key),
      among: share(({ among }) => among),
      alone: share(({ alone }) => alone),
      quoted: share(({ quoted }) => quoted > 0),
    };
  });
}

/** Readings of documents by length and configuration: seconds (median), speed-up, kept fraction by layer. */
export function summariseReadings(rows) {
  // A document is read once for all its questions; read at once with them, each reading counts.
  const readings = [
    ...keyed(
      rows.filter(({ order }) => order === 'read first'),
      (row) => `${documentOf(row)} ${row.configuration}`,
    ).values(),
  ].map(([row]) => row);
  const groups = keyed(readings, ({ tokens, configuration }) =>
    JSON.stringify({ tokens, configuration }),
  );
  const seconds = (group) => median(group.map(({ readSeconds }) => readSeconds));
  return [...groups].map(([key, group]) => {
    const { tokens, configuration } = JSON.parse(key);
    const exact = groups.get(JSON.stringify({ tokens, configuration: 'exact' }));
    const layers = group[0].keptFraction.map(
      (_, layer) => group.reduce((sum, row) => sum + row.keptFraction[layer], 0) / group.length,
    );
    return {
      tokens,
      configuration,
      seconds: seconds(group),
      speedUp: exact ? seconds(exact) / seconds(group) : null,
      keptByLayer: layers,
    };
  });
}
