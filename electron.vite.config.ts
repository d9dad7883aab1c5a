import { resolve } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'

const here = import.meta.dirname

export default defineConfig({
  main: {
    build: {
      rollupOptions: {
        input: {
          electron: resolve(here, 'src-main/entry/electron.ts'),
          web: resolve(here, 'src-main/entry/web.ts'),
          command: resolve(here, 'src-main/entry/command.ts'),
          worker: resolve(here, 'src-main/storage/worker.ts'),
          'archive-worker': resolve(here, 'src-main/storage/archive/worker.ts'),
          'demo-worker': resolve(here, 'src-main/demo/worker.ts')
        },
        // Shared chunks stand beside the entries, so that worker paths relative to an entry hold.
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' }
      }
    }
  },
  preload: {
    build: {
      externalizeDeps: false,
      rollupOptions: {
        input: { bridge: resolve(here, 'src-preload/bridge.ts') },
        // A sandboxed preload must be one CommonJS file.
        output: { format: 'cjs', entryFileNames: '[name].cjs' }
      }
    }
  },
  renderer: {
    root: resolve(here, 'src-renderer'),
    plugins: [vue(), tailwindcss()],
    // The window is loaded from this machine: the size of a chunk costs nobody a download.
    build: {
      minify: true,
      chunkSizeWarningLimit: 2_000,
      rollupOptions: { input: resolve(here, 'src-renderer/index.html') }
    }
  }
})
