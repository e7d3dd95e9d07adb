// The slider's five stretches; the words for them are in strings.

export type LevelBand = 'exact' | 'careful' | 'balanced' | 'quick' | 'fast';

export function levelBand(level: number): LevelBand {
  if (level <= 0) return 'exact';
  if (level <= 30) return 'careful';
  if (level <= 60) return 'balanced';
  if (level <= 85) return 'quick';
  return 'fast';
}

/** Mean over layers of the kept fraction: what a reader is told in one number. */
export function meanKept(keptFraction: readonly number[] | undefined): number | null {
  if (!keptFraction || keptFraction.length === 0) return null;
  return keptFraction.reduce((sum, each) => sum + each, 0) / keptFraction.length;
}
