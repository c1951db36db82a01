// Builds the console to web/dist: static files, each beside its gzip. Run by the project's own Node (`ensureWeb` and
// `npm run build` do); the folder is filled under another name and renamed, so there is never half a console.

import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { stampName, webStamp } from './ensure-web.mjs'

/** Smaller files gain nothing. */
const gzipBytesMin = 512

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const web = join(root, 'web')
const stamp = webStamp(root)
const fresh = mkdtempSync(join(web, 'dist.'))
try {
  await build({
    root: web,
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: fresh,
      emptyOutDir: true,
      target: ['chrome123', 'firefox128', 'safari18'],
      // The policy forbids data: URLs in style sheets and scripts, and a preload helper needs none of them.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 700,
    },
  })
  compress(fresh)
  writeFileSync(join(fresh, stampName), stamp)
  rmSync(join(web, 'dist'), { recursive: true, force: true })
  renameSync(fresh, join(web, 'dist'))
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

function compress(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      compress(path)
      continue
    }
    const plain = readFileSync(path)
    const packed = plain.length < gzipBytesMin ? undefined : gzipSync(plain, { level: 9 })
    if (packed !== undefined && packed.length < plain.length) writeFileSync(`${path}.gz`, packed)
  }
}
