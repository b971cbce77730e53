import { defineConfig, mergeConfig } from 'vitest/config'

import vite from './vite.config'

// Apart from vite.config.ts, because the package is built without the development packages.
export default mergeConfig(
  vite,
  defineConfig({
    test: {
      environment: 'happy-dom',
      include: ['tests/**/*.test.{ts,tsx}'],
      setupFiles: ['tests/setup.ts'],
    },
  }),
)
