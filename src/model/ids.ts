import { createHash, randomUUID } from 'node:crypto'

const uuidPattern = /^(?:urn:uuid:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i

/** A random version-4 UUID, lower case: known clients validate version and variant. */
export function newId(): string {
  return randomUUID()
}

/**
 * The UUID in lower case, or undefined. Accepts any letter case and the `urn:uuid:` form; emitted ids never have it.
 */
export function parseUuid(text: string): string | undefined {
  return uuidPattern.exec(text)?.[1]?.toLowerCase()
}

/** SHA-256 as 64 lower-case hex digits. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
