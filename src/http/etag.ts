import { sha256Hex } from '../model/ids.ts'

// Entity tags (RFC 9110 §8.8.3) of answers that are asked for often and change seldom.

export function etagOf(text: string): string {
  return `"${sha256Hex(text).slice(0, 32)}"`
}

/** RFC 9110 §13.1.2: a list of tags, weak ones compared without their mark, or `*`. */
export function isEtagMatch(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some(each => ['*', etag].includes(each.trim().replace(/^W\//, '')))
}
