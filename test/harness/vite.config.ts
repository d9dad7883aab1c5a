import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/** `node_modules/.bin/vite --config test/harness/vite.config.ts` */
export default defineConfig({
  root: here,
  plugins: [vue(), tailwindcss()],
  resolve: { alias: { 'node:crypto': resolve(here, 'crypto.ts') } },
  server: { fs: { allow: [resolve(here, '../..')] } },
  build: { outDir: resolve(here, '../../test-results/harness'), emptyOutDir: true }
})
