// The second half of `npm run format`: clang-format over native code, where it is installed.
import { clangFormat, nativeSources } from './checks.mjs';
import { finish, quietly, say } from './process.mjs';

await finish(async () => {
  const missing = await clangFormat();
  if (missing) {
    say(`Native code was left as it is: ${missing}.`);
    return;
  }
  await quietly('clang-format', 'clang-format', ['-i', ...nativeSources()]);
});
