// npm run build: everything `npm start` would build, without starting it.
import { prepareAll } from './prepare.mjs';
import { finish } from './process.mjs';

await finish(prepareAll);
