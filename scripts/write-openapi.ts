// `node scripts/write-openapi.ts`: docs/openapi.json, made of the routes themselves; a test fails when the file differs
// from what this writes.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { buildApp } from '../src/http/app.ts'
import type { AppDependencies } from '../src/http/dependencies.ts'
import { openApiDocument } from '../src/http/openapi.ts'

export const referenceFile = fileURLToPath(new URL('../docs/openapi.json', import.meta.url))

/** The document's text. Routes are only declared, never called: what answers them is not needed. */
export async function referenceText(): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const settings = { callLimits: undefined, trustProxy: undefined }
  const parts = {
    settings,
    version,
    metrics: new Registry(),
    log: pino({ level: 'silent' }),
    queries: { functions: [] },
    agents: {},
    liveLibrary: { queries: [], categories: [] },
  }
  const app = buildApp(parts as unknown as AppDependencies)
  await app.ready()
  const text = `${JSON.stringify(openApiDocument(app.routeList, version), undefined, 2)}\n`
  await app.close()
  return text
}

if (import.meta.main) writeFileSync(referenceFile, await referenceText())
