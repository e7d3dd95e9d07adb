// The app's own TypeScript, for scripts that Node runs as they are. The sources import one another as the bundle
// will have them, `.js`; Node itself reads `.ts`. It comes too late for static imports.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js')) throw error;
      return next(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
});

/** A module by its path in the repository, `main/engine/sparsity.ts`. */
export const source = (path) => import(new URL(`../../${path}`, import.meta.url).href);
