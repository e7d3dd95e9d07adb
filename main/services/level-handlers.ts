// The slider: what its levels would do, and calibrating them.
import type { CalibrationOrder, Forecast } from '../contract/index.js';
import type { Answering } from './answering.js';
import type { Calibrations } from './calibrations.js';
import { documentTokens } from './context.js';
import type { Desk } from './desk.js';
import { excerptsOf, type Excerpt } from './excerpts.js';
import { forecastLevels, type ForecastBasis } from './forecast.js';
import { profileName } from './sparsity-profiles.js';

export function levelHandlers(desk: Desk, calibrations: Calibrations, answering: Answering) {
  return {
    'levels.forecast': ({ conversationId }: { conversationId?: string }) =>
      forecastOf(desk, conversationId),
    'calibration.state': () => calibrations.state(),
    'calibration.start': async (order: CalibrationOrder) => {
      answering.refuseWhileBusy();
      calibrations.start(order);
      return {};
    },
    'calibration.cancel': async () => {
      calibrations.cancel();
      return {};
    },
    'calibration.keep': () => calibrations.keep(),
    'calibration.discard': () => calibrations.discard(),
    'calibration.reset': () => calibrations.reset(),
  };
}

/** Counting tokens needs the model; one that failed to load is not tried again for this. */
async function forecastOf(desk: Desk, conversationId?: string): Promise<Forecast> {
  const { models, settings, conversations, readings, saved, loaded } = desk;
  const excerpts = conversationId ? excerptsOf(conversations.get(conversationId)) : [];
  const tokens = excerpts.length > 0 ? await countedTokens(desk, excerpts) : null;
  const { profile, card } = await models.choose(settings.read().modelId);
  if (!card.info) return { tokens: null, modelLayers: 0, held: null, saved: [], levels: [] };
  const { fingerprint } = card.info;
  const { status } = loaded;
  const device = status.state === 'ready' ? status.device : undefined;
  const name = profileName(profile);
  const basis: ForecastBasis = {
    profile,
    shape: card.info,
    earlier: desk.readingTimes
      .of(fingerprint)
      .filter((each) => each.device === (device ?? each.device))
      .filter((each) => each.level === 0 || each.profile === name),
    sameDevice: device === undefined || profile.calibration?.device === device,
  };
  return {
    tokens,
    modelLayers: card.info.layers,
    held: readings.levelOf(excerpts) ?? null,
    saved: saved.levelsOf(fingerprint, name, excerpts),
    levels: forecastLevels(basis, tokens),
  };
}

async function countedTokens(
  { loaded, context }: Desk,
  excerpts: readonly Excerpt[],
): Promise<number | null> {
  try {
    const ready = await loaded.ensureUnlessFailed();
    return documentTokens(await context.measure(ready, { excerpts, turns: [], replyTokens: 0 }));
  } catch {
    return null; // the model's own status says why
  }
}
