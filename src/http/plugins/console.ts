import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../model/errors.ts'
import type { App } from '../instance.ts'
import { publicAccess } from '../route-access.ts'

// The console's static files at `/`: read once into memory (a megabyte), sent as they are or as the gzip that was made
// when they were built. They hold no secret and nothing of a tenant, so anybody may have them; what a page made of them
// may do is bound by the content security policy.

interface StaticFile {
  readonly plain: Buffer
  readonly gzip: Buffer | undefined
  readonly etag: string
  readonly mediaType: string
  /** Its name changes with its content: a browser may keep it for good. */
  readonly isNamedByContent: boolean
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Everything from this origin, nothing inline, no frame around it, no form that leaves the page. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), usb=()',
} as const

/** `folder`: what the console was built to; where it is missing, `/` says how to build it. */
export function consoleRoutes(app: App, folder: string): void {
  const files = readFiles(folder)
  const config = { access: publicAccess }
  app.get('/', { config }, async (request, reply) => sendFile(request, reply, files.get('index.html')))
  for (const name of files.keys()) {
    if (name.includes('/') || name === 'index.html') continue
    app.get(`/${name}`, { config }, async (request, reply) => sendFile(request, reply, files.get(name)))
  }
  app.get('/assets/:name', { config }, async (request, reply) => {
    const { name } = request.params as { name: string }
    const file = files.get(`assets/${name}`)
    // A page of an older version asks for files of that version.
    if (file === undefined) throw new AppError('not_found', 'the console has no such file: reload the page')
    return sendFile(request, reply, file)
  })
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile | undefined): FastifyReply {
  reply.headers(securityHeaders)
  if (file === undefined) {
    const text = 'The console is not built. `npm start` builds it; `node scripts/build-web.mjs` does by hand.\n'
    return reply.code(503).type('text/plain; charset=utf-8').send(text)
  }
  const caching = file.isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache'
  reply.headers({ etag: file.etag, 'cache-control': caching, vary: 'accept-encoding' })
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  const isGzipWelcome = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  if (file.gzip !== undefined && isGzipWelcome) {
    return reply.header('content-encoding', 'gzip').type(file.mediaType).send(file.gzip)
  }
  return reply.type(file.mediaType).send(file.plain)
}

/** By path below the folder, `/`-separated; files whose names begin with a dot are the build's own. */
function readFiles(folder: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  for (const path of listFiles(folder)) {
    const name = relative(folder, path).split(sep).join('/')
    const mediaType = mediaTypes[extname(name)]
    if (mediaType === undefined) continue
    const plain = readFileSync(path)
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
    files.set(name, { plain, gzip: readIfThere(`${path}.gz`), etag, mediaType, isNamedByContent: name.includes('/') })
  }
  return files
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
      .map(entry => join(entry.parentPath, entry.name))
  } catch {
    // Not built, which `/` says.
    return []
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
