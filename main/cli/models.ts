// longleaf models: what can be used, with the facts of each file.
import type { ModelCard } from '../contract/index.js';
import { EngineHost } from '../services/engine-host.js';
import { openShelf } from './model-shelf.js';
import { bytes, count, parameters } from './numbers.js';
import { unlessCancelled } from './outcome.js';
import { writeJson, type Terminal } from './terminal.js';

export async function models(terminal: Terminal, options: { json: boolean }): Promise<void> {
  const host = new EngineHost(terminal.startWorker, () => {});
  try {
    const shelf = await openShelf(terminal, host);
    terminal.progress.update('Looking at the models');
    const cards = await unlessCancelled(terminal.signal, shelf.list());
    terminal.progress.clear();
    if (options.json) writeJson(terminal, cards);
    else if (cards.length === 0) terminal.stdout.write('No models.\n');
    else terminal.stdout.write(`${cards.map(describe).join('\n\n')}\n`);
  } finally {
    host.close();
  }
}

function describe(card: ModelCard): string {
  const { info, failure } = card;
  const facts = info && [
    `${parameters(info.parameters)} parameters`,
    info.quantisation,
    info.architecture,
    `context ${count(info.contextLength)}`,
    bytes(info.fileBytes),
    info.licence,
  ];
  const profile = card.profiled ? 'measured on this model' : 'not measured: the paper’s values';
  return [
    `${card.title}${card.bundled ? ' (bundled)' : ''}`,
    `  ${card.path}`,
    facts && `  ${facts.filter(Boolean).join(' · ')}`,
    info && `  sparsity level ${card.defaultLevel} by default; profile ${profile}`,
    card.summary && `  ${card.summary}`,
    card.limits && `  ${card.limits}`,
    failure && `  Cannot be used: ${[failure.message, failure.hint].filter(Boolean).join(' ')}`,
  ]
    .filter(Boolean)
    .join('\n');
}
