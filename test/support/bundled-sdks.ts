// For `node --import`: the SDKs as the app has them in dist/. One file loads in 40 ms, the package's 300 files in 450 ms,
// in each of 90 test files and 60 apps.
import { registerHooks } from 'node:module'

const bundled: Record<string, string> = {
  '@azure/cosmos': 'cosmos.cjs',
  '@azure/storage-queue': 'storage-queue.cjs',
}

registerHooks({
  resolve(specifier, context, next) {
    const file = bundled[specifier]
    return file === undefined
      ? next(specifier, context)
      : {
          url: new URL(`../../dist/${file}`, import.meta.url).href,
          format: 'commonjs',
          shortCircuit: true,
        }
  },
})
