// What was typed into a number field.

export interface Bounds {
  min: number;
  max: number;
  whole: boolean;
}

export type NumberCheck = { ok: true; value: number } | { ok: false; reason: 'nan' | 'range' };

export function checkNumber(typed: string, { min, max, whole }: Bounds): NumberCheck {
  const cleaned = typed
    .trim()
    .replace(/[\s_']/g, '')
    .replace(',', '.');
  const value = cleaned === '' ? Number.NaN : Number(cleaned);
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value)))
    return { ok: false, reason: 'nan' };
  if (value < min || value > max) return { ok: false, reason: 'range' };
  return { ok: true, value };
}
