import { afterEach, expect, test } from 'vitest';
import type { Forecast, LevelForecast } from '../../../main/contract/index.js';
import { forecastLines } from '../../../renderer/chat/forecast-lines.js';
import { speak } from '../../../renderer/strings/index.js';

afterEach(() => speak('en', ['en-GB']));

const level = (more: Partial<LevelForecast>): LevelForecast => ({
  level: 25,
  layers: [6, 7],
  whole: false,
  kept: 0.14,
  computed: 0.02,
  seconds: 12.3,
  facts: { level: 25, found: 19, asked: 20, exact: 20 },
  ...more,
});
const exact = level({ level: 0, layers: [], kept: 1, computed: 1, seconds: 20 });
const forecast = (more: Partial<Forecast> = {}): Forecast => ({
  tokens: 16_384,
  modelLayers: 8,
  held: null,
  saved: [],
  levels: [exact],
  ...more,
});
const unmeasured = { kept: null, computed: null, seconds: null, facts: null };

test('time, tokens, accuracy and policy are said in words and numbers', () => {
  const lines = forecastLines(forecast(), level({}));
  expect(lines).toMatchObject({
    time: 'about 15 s for 16,384 tokens',
    kept: '14 % in layers 7 and 8: about 2,300 of 16,384 tokens',
    computed: null,
    accuracy: '19 of 20 facts came back (76 to 99 %); exact reading found 20',
    policy: ['Layers 7 and 8 read only what matters; the other 6 read everything.'],
    unmeasured: false,
    again: null,
    spoken: 'about 15 s, 14 % kept, 19 of 20 facts',
  });
});

test('what was not measured is said to be not measured', () => {
  const lines = forecastLines(forecast(), level(unmeasured));
  expect(lines).toMatchObject({ kept: 'not yet measured', accuracy: 'not yet measured' });
  expect(lines.time).toBe('not more than about 20 s for 16,384 tokens, as exact reading');
  expect(lines.unmeasured).toBe(true);
  expect(lines.spoken).toBe('accuracy not yet measured');
  const levels = [{ ...exact, seconds: null }];
  expect(forecastLines(forecast({ levels }), level(unmeasured)).time).toContain('not known');
  expect(forecastLines(forecast({ tokens: null }), exact).kept).toBe('every token');
});

test('a level between two that were measured names the one that it goes by', () => {
  expect(forecastLines(forecast(), level({ level: 10 })).accuracy).toContain(
    'measured at level 25',
  );
});

test('layers are named by their place, in runs', () => {
  const policy = (more: Partial<LevelForecast>) => forecastLines(forecast(), level(more)).policy;
  expect(policy({ layers: [3] })[0]).toBe(
    'Layer 4 reads only what matters; the other 7 read everything.',
  );
  expect(policy({ layers: [0, 2, 3, 4, 5, 7] })[0]).toContain('Layers 1, 3 to 6 and 8 read');
  expect(policy({ layers: [], blocks: { pattern: 'stripes', layers: [0, 1, 2] } })).toEqual([
    'Layers 1 to 3 look only at the beginning and at what is near.',
  ]);
  expect(policy({ whole: true })).toEqual([
    'This text is so short that every level reads all of it.',
  ]);
  expect(forecastLines(forecast(), exact).policy).toEqual(['Every layer reads everything.']);
});

test('what a change of level reads again', () => {
  const again = (more: Partial<Forecast>) => forecastLines(forecast(more), level({})).again;
  expect(again({ held: 25 })).toContain('are read at this level');
  expect(again({ held: 0, saved: [0, 25] })).toContain('on disk');
  expect(again({ held: 0, saved: [0] })).toContain('16,384 tokens, are read again');
});

const blocks = { pattern: 'flex' as const, layers: [0, 1, 2, 3, 4, 5, 6] };
const byBlocks = { level: 75, layers: [], blocks, kept: 1, computed: 0.143 };
const shipped = { level: 75, found: 264, asked: 300, exact: 261, shipped: { tokens: 130_560 } };

test('of blocks, which keep every token, the share of attention is said instead', () => {
  const at = (more: Partial<LevelForecast>) =>
    forecastLines(forecast(), level({ ...byBlocks, facts: null, ...more }));
  expect(at({})).toMatchObject({ kept: null, computed: '14 % of attention in layers 1 to 7' });
  expect(at({}).spoken).toBe('about 15 s, 14 % of attention computed, accuracy not yet measured');
  expect(at({ computed: null })).toMatchObject({ kept: null, computed: 'not yet measured' });
  expect(at({ whole: true, computed: 1 })).toMatchObject({
    kept: 'all 16,384 tokens',
    computed: null,
  });
  const beside = at({ layers: [6, 7], kept: 0.5 });
  expect(beside.kept).toBe('50 % in layers 7 and 8: about 8,200 of 16,384 tokens');
  expect(beside.computed).toBe('14 % of attention in layers 1 to 8');
});

test('accuracy measured before the model was shipped says so, and of what texts', () => {
  const at = (position: number) =>
    forecastLines(forecast(), level({ ...byBlocks, level: position, facts: shipped }));
  const counted =
    '264 of 300 questions on texts of 130,560 tokens were answered right (84 to 91 %)';
  expect(at(75).accuracy).toBe(
    `${counted}; exact reading: 261; measured before this model was shipped`,
  );
  expect(at(60).accuracy).toBe(
    `${counted}; exact reading: 261; ` +
      'measured before this model was shipped, at level 75, which leaves out more',
  );
  expect(at(75)).toMatchObject({
    unmeasured: false,
    spoken: 'about 15 s, 14 % of attention computed, 264 of 300 questions right',
  });
  const exactly = { ...exact, facts: { ...shipped, level: 0, found: 261 } };
  expect(forecastLines(forecast(), exactly).accuracy).toBe(
    '261 of 300 questions on texts of 130,560 tokens were answered right (83 to 90 %); ' +
      'measured before this model was shipped',
  );
});

test('in German, too', () => {
  speak('de', ['de-DE']);
  const lines = forecastLines(forecast(), level({ ...byBlocks, level: 60, facts: shipped }));
  expect(lines).toMatchObject({
    computed: '14 % der Attention in den Schichten 1 bis 7',
    accuracy:
      '264 von 300 Fragen zu Texten von 130.560 Token wurden richtig beantwortet (84 bis 91 %); ' +
      'genaues Lesen: 261; gemessen, bevor dieses Modell ausgeliefert wurde, auf Stufe 75, die mehr weglässt',
  });
});
