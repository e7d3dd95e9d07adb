// The second half of `npm run format`: clang-format over native code, where it is installed.
import { findClangFormat, nativeSources } from './checks.mjs';
import { finish, quietly, say } from './process.mjs';

await finish(async () => {
  const { program, why } = await findClangFormat();
  if (why) {
    say(`Native code was left as it is: ${why}.`);
    return;
  }
  await quietly('clang-format', program, ['-i', ...nativeSources()]);
});
