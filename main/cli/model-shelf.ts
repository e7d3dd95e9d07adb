// The models a command can use: the bundled ones, those added in the app, and a GGUF named by path. The list
// lives in memory; the app's library is only looked at.
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { EngineHost } from '../services/engine-host.js';
import { migrations } from '../services/library/migrations.js';
import { ModelStore, type AddedModel } from '../services/library/models.js';
import { Models, type ChosenModel } from '../services/models.js';
import type { Terminal } from './terminal.js';

export async function openShelf(terminal: Terminal, host: EngineHost): Promise<Models> {
  const memory = new Database(':memory:');
  for (const step of migrations) memory.exec(step);
  const store = new ModelStore(memory);
  for (const added of addedInTheApp(terminal.dataFolder)) store.add(added);
  const { modelsFolder, dataFolder, version } = terminal;
  return Models.open(store, host, modelsFolder, dataFolder, version);
}

/** `path`: a GGUF file; without it, the bundled model. */
export async function chooseModel(models: Models, path: string | undefined): Promise<ChosenModel> {
  if (path === undefined) return models.choose(null);
  const { id } = await models.add(resolve(path));
  return models.choose(id);
}

function addedInTheApp(dataFolder: string): AddedModel[] {
  let library: Database.Database | undefined;
  try {
    library = new Database(join(dataFolder, 'library.db'), { readonly: true, fileMustExist: true });
    return new ModelStore(library).list();
  } catch {
    // No library yet, or one that cannot be opened: the app will say so; here the bundled models do.
    return [];
  } finally {
    library?.close();
  }
}
