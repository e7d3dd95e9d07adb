import { expect, test } from 'vitest';
import { CalibrationProgress } from '../../../main/services/calibration-progress.js';

test('the time left follows what readings and answers took', () => {
  let now = 0;
  const progress = new CalibrationProgress(3, 2, () => now);
  const at = (
    seconds: number,
    kind: 'drift' | 'reading' | 'asking',
    level: number,
    done: number,
  ) => {
    now = seconds;
    progress.enter({ kind, level, done, total: 2 });
    return progress.now;
  };
  now = 100; // waited for a reading
  expect(at(100, 'drift', 0, 0)).toMatchObject({ etaSeconds: null, fraction: 0 });
  expect(at(110, 'reading', 0, 1).etaSeconds).toBeNull();
  expect(at(120, 'asking', 0, 0).etaSeconds).toBeNull(); // two readings of 10 s, no answer yet
  // An answer took 5 s: two readings and five answers are left.
  expect(at(125, 'asking', 0, 1).etaSeconds).toBeCloseTo(2 * 10 + 5 * 5);
  const later = at(130, 'asking', 0, 2);
  expect(later.etaSeconds).toBeCloseTo(2 * 10 + 4 * 5);
  expect(later.fraction).toBeCloseTo(30 / 70);
  progress.plan(4); // one more set of layers to try: what was shown does not go back
  expect(progress.now.fraction).toBeCloseTo(30 / 70);
  expect(progress.now.etaSeconds).toBeCloseTo(3 * 10 + 6 * 5);
});
