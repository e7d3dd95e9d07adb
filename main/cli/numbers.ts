// Numbers as people read them in a terminal.

export const count = (value: number) => Math.round(value).toLocaleString('en-US');
export const percent = (fraction: number) => `${Math.round(fraction * 100)} %`;

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 60) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** 29_835_648 → "30 MB": decimal, as in the window. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)} ${units[power]}`;
}

/** 28_000_000 → "28 million". */
export function parameters(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1).replace(/\.0$/, '')} billion`;
  return `${Math.round(value / 1e6)} million`;
}

export const rate = (tokens: number, time: number) => (time > 0 ? tokens / time : 0);

export function average(values: readonly number[]): number {
  return values.length === 0 ? 1 : values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** Columns padded to their widest cell; the first to the left, the others to the right. */
export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
  return rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
}
