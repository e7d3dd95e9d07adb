/** Wilson's interval of a share at 95 % confidence. */
export function wilson(found: number, asked: number): { low: number; high: number } {
  if (asked === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const share = found / asked;
  const spread = z * Math.sqrt((share * (1 - share)) / asked + (z * z) / (4 * asked * asked));
  const centre = share + (z * z) / (2 * asked);
  const width = 1 + (z * z) / asked;
  return {
    low: Math.max(0, (centre - spread) / width),
    high: Math.min(1, (centre + spread) / width),
  };
}
