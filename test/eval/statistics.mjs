// Means with 95 % intervals. Items about one document are not independent, so documents are what is resampled
// (percentile bootstrap, seeded); where all agree, which a bootstrap cannot see past, Wilson's interval for as
// many documents stands in.
import { generator } from './random.mjs';

const resamples = 1000;
const z = 1.96;

const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Wilson's interval for `hits` of `many`. */
export function wilson(hits, many) {
  const p = hits / many;
  const middle = (p + (z * z) / (2 * many)) / (1 + (z * z) / many);
  const half =
    (z / (1 + (z * z) / many)) * Math.sqrt((p * (1 - p)) / many + (z * z) / (4 * many * many));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** groups: values by document. { mean, low, high, items, documents } */
export function estimate(groups) {
  const items = groups.reduce((sum, { length }) => sum + length, 0);
  const all = mean(groups.flat());
  const about = { mean: all, items, documents: groups.length };
  if (groups.flat().every((each) => each === all)) {
    const [low, high] = agreed(all, groups.length);
    return { ...about, low, high };
  }
  const next = generator(`bootstrap ${items}`);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    let many = 0;
    for (let i = 0; i < groups.length; i++) {
      const group = groups[Math.floor(next() * groups.length)];
      for (const value of group) sum += value;
      many += group.length;
    }
    return sum / many;
  }).sort((a, b) => a - b);
  return {
    ...about,
    low: means[Math.floor(resamples * 0.025)],
    high: means[Math.floor(resamples * 0.975)],
  };
}

/** All values are the same: a share of 0 or 1, or a difference of 0. */
function agreed(value, documents) {
  if (value === 1 || value === 0) {
    const [low, high] = wilson(value * documents, documents);
    return [low, high];
  }
  return [value, value];
}

/** Differences item by item, in the same groups; when there is none, up to what so many documents can hide. */
export function estimateDifference(groups) {
  const result = estimate(groups);
  if (groups.flat().every((each) => each === 0)) {
    const most = wilson(0, groups.length)[1];
    return { ...result, low: -most, high: most };
  }
  return result;
}
