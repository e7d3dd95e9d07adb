// The second half of `npm run format`: clang-format over native code, where it is installed.
import { nativeSources } from './checks.mjs';
import { capture, finish, quietly, say } from './process.mjs';

await finish(async () => {
  if ((await capture('clang-format', ['--version'])).code !== 0) {
    say('clang-format is not installed: native code was left as it is.');
    return;
  }
  await quietly('clang-format', 'clang-format', ['-i', ...nativeSources()]);
});
