import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { defineConfig } from 'vite';

// The binary carries every asset once, already compressed: 2 MB instead of 9, and no work per request.
// `src/http/playground.rs` unpacks for the rare client that does not take gzip.
const gzipAssets = {
  name: 'gzip-assets',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    for (const name of Object.keys(bundle).filter((name) => name.startsWith('assets/'))) {
      const file = join(dir, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      rmSync(file);
    }
  },
};

export default defineConfig({
  plugins: [gzipAssets],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // The licences of everything in the bundle travel with it.
    license: { fileName: 'assets/licenses.md' },
    // Monaco is one big chunk by nature: no warning about that.
    chunkSizeWarningLimit: 8000,
  },
  // `npm run dev` beside a foaf that runs on its default port.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8080', ws: true } } },
});
