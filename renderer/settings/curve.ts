// Where the points of an accuracy-speed curve come to lie.
import type { MeasuredLevel } from '../../main/contract/index.js';
import { wilson } from '../ui/wilson.js';

export interface CurvePoint {
  level: number;
  /** Times as fast as exact reading. */
  factor: number;
  found: number;
  asked: number;
  x: number;
  y: number;
  /** Ends of the interval. */
  low: number;
  high: number;
}

export interface CurveArea {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Curve {
  points: CurvePoint[];
  /** Marks of the speed axis. */
  ticks: { factor: number; x: number }[];
}

/** The last measurement of each level, which is the one the profile goes by; the first level measured is exact. */
export function curveOf(levels: readonly MeasuredLevel[], area: CurveArea): Curve {
  const latest = [...new Map(levels.map((each) => [each.level, each])).values()];
  latest.sort((one, other) => one.level - other.level);
  const exact = latest[0]?.readSeconds ?? 1;
  const factors = latest.map(({ readSeconds }) => exact / readSeconds);
  const most = Math.max(1.5, ...factors) * 1.05;
  const least = Math.min(1, ...factors) * 0.95;
  const x = (factor: number) =>
    area.left + ((factor - least) / (most - least)) * (area.right - area.left);
  const y = (share: number) => area.bottom - share * (area.bottom - area.top);
  const points = latest.map(({ level, found, asked }, at) => {
    const factor = factors[at]!;
    const { low, high } = wilson(found, asked);
    const place = { x: x(factor), y: y(found / asked), low: y(low), high: y(high) };
    return { level, factor, found, asked, ...place };
  });
  return { points, ticks: ticksBetween(least, most).map((factor) => ({ factor, x: x(factor) })) };
}

/** Round numbers, four to eight of them. */
function ticksBetween(least: number, most: number): number[] {
  const span = most - least;
  const step = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20].find((each) => span / each <= 8) ?? 50;
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, at) => (first + at) * step);
}
