import type { CalibrationStep } from '../../main/contract/index.js';
import { words } from '../strings/index.js';

/** What a calibration is doing, in words. */
export function stepName({ kind, level = 0, done, total }: CalibrationStep): string {
  const { steps } = words.calibration.running;
  switch (kind) {
    case 'reading':
      return steps.reading(level);
    case 'asking':
      return steps.asking(level, done, total);
    default:
      return steps[kind];
  }
}
