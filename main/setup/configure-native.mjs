// Run by the pinned Node: prints the CMake command line that configures native/, as JSON. cmake-js finds the
// generator, the toolset and the headers; Node-API is declared here, so it has nothing to download.
import cmakeJs from 'cmake-js';
import { join } from 'node:path';
import { nativeBuild, root } from './paths.mjs';

const cmake = new cmakeJs.CMake({
  directory: join(root, 'native'),
  out: nativeBuild,
  config: 'Release',
  isNodeApi: true,
  silent: true,
});
process.stdout.write(JSON.stringify(await cmake.getConfigureCommand()));
