import { expect, test } from 'vitest';
import type { Forecast, LevelForecast } from '../../../main/contract/index.js';
import { forecastLines } from '../../../renderer/chat/forecast-lines.js';

const level = (more: Partial<LevelForecast>): LevelForecast => ({
  level: 25,
  layers: [6, 7],
  whole: false,
  kept: 0.14,
  seconds: 12.3,
  facts: { level: 25, found: 19, asked: 20, exact: 20 },
  ...more,
});
const exact = level({ level: 0, layers: [], kept: 1, seconds: 20 });
const forecast = (more: Partial<Forecast> = {}): Forecast => ({
  tokens: 16_384,
  modelLayers: 8,
  held: null,
  saved: [],
  levels: [exact],
  ...more,
});
const unmeasured = { kept: null, seconds: null, facts: null };

test('time, tokens, accuracy and policy are said in words and numbers', () => {
  const lines = forecastLines(forecast(), level({}));
  expect(lines).toMatchObject({
    time: 'about 15 s for 16,384 tokens',
    kept: '14 % in layers 7 and 8: about 2,300 of 16,384 tokens',
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
