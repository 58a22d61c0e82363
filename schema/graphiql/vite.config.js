// How the page is built: everything from this folder and node_modules, nothing from elsewhere at run time.
import { defineConfig } from 'vite';

export default defineConfig({
  // The page is served at …/graphql and its parts at …/graphql/static/: so the page names them from its own last
  // segment, and they name each other from where they are. Any prefix that a proxy puts in front is then kept.
  base: './',
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `./graphql/${file}` : { relative: true }),
  },
  build: {
    assetsDir: 'static',
    license: { fileName: 'licenses.md' }, // the page carries other people's code, so it carries their terms
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 10_000, // kB; the editor is one large part
  },
  worker: { format: 'es' },
});
