import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = import.meta.dirname

export default defineConfig({
  test: {
    projects: [
      {
        // Engine: pure units and integration over loopback sockets, real SQLite, the embedded ssh server.
        resolve: { alias: { electron: resolve(here, 'test/fakes/electron.ts') } },
        test: {
          name: 'main',
          include: [
            'src-main/**/*.test.ts',
            'src-preload/**/*.test.ts',
            'bench/**/*.test.ts',
            'scripts/**/*.test.ts'
          ],
          environment: 'node',
          testTimeout: 30_000
        }
      },
      {
        plugins: [vue()],
        test: {
          name: 'renderer',
          include: ['src-renderer/**/*.test.ts'],
          environment: 'happy-dom',
          setupFiles: ['src-renderer/test-setup.ts']
        }
      },
      {
        // A real browser against the built console in browser mode, over the demo fleet.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false
        }
      },
      {
        // Real sshd, libvirtd and guests: test/lab. Only where the lab is up.
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          setupFiles: ['test/lab/exclusive.ts'],
          environment: 'node',
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // The servers share the CPUs with what measures them. What fails twice is broken; a second try is named in the output.
          retry: process.env.CI === undefined ? 0 : 1,
          fileParallelism: false
        }
      }
    ]
  }
})
