import Type, { type Static } from 'typebox'
import { AppError } from '../model/errors.ts'
import { booleanParameter, countParameter, listParameter, type Parameters, textParameter } from './parameters.ts'

// The two ways of paging. Which one a route uses is fixed: lists go by page number and never carry `nextKey`, results
// go by key and never carry `current`: clients decide by those members.

export interface PageSizes {
  readonly sizeDefault: number
  /** A larger size is cut to it, not refused, and the reply says so. */
  readonly sizeMax: number
}

const pageSize = Type.Optional(Type.Integer({ minimum: 1, description: 'cut to the largest size' }))

/** Parameters of a list that is paged by number. */
export const numberedPageParameters = {
  page: Type.Optional(Type.Integer({ minimum: 1, description: 'from 1' })),
  pageSize,
  pageTotal: Type.Optional(Type.Boolean({ description: 'also tell the number of pages and items' })),
}

/** Parameters of a result, which is paged by key. */
export const keyedPageParameters = {
  pageFromKey: Type.Optional(Type.String({ description: '`nextKey` of the page before' })),
  pageSize,
}

export const fieldsParameter = {
  fields: Type.Optional(Type.String({ description: 'members to return, comma separated; `id` always stays' })),
}

export const Fields = Type.Object(fieldsParameter)

export const NumberedPages = Type.Object({
  current: Type.Integer({ description: 'page number, from 1' }),
  size: Type.Integer({ description: 'page size in force' }),
  total: Type.Optional(Type.Integer({ description: 'number of pages; with pageTotal' })),
  items: Type.Optional(Type.Integer({ description: 'number of items over all pages; with pageTotal' })),
  maxSize: Type.Integer({ description: 'largest page size' }),
})
export type NumberedPages = Static<typeof NumberedPages>

export interface NumberedPageRequest {
  readonly page: number
  readonly pageSize: number
  readonly sizeMax: number
  readonly isTotalWanted: boolean
  /** Items before the page. */
  readonly offset: number
}

export function parseNumberedPage(parameters: Parameters, sizes: PageSizes): NumberedPageRequest {
  const page = countParameter(parameters, 'page') ?? 1
  const pageSize = Math.min(countParameter(parameters, 'pageSize') ?? sizes.sizeDefault, sizes.sizeMax)
  const isTotalWanted = booleanParameter(parameters, 'pageTotal')
  return { page, pageSize, sizeMax: sizes.sizeMax, isTotalWanted, offset: (page - 1) * pageSize }
}

/** `itemCount`: items over all pages. Left out of the reply unless the client asked for totals. */
export function numberedPages(request: NumberedPageRequest, itemCount: number): NumberedPages {
  const totals = { total: Math.ceil(itemCount / request.pageSize), items: itemCount }
  return {
    current: request.page,
    size: request.pageSize,
    ...(request.isTotalWanted ? totals : {}),
    maxSize: request.sizeMax,
  }
}

export const KeyedPages = Type.Object({
  fromKey: Type.Optional(Type.String({ description: 'the key asked for; absent on the first page' })),
  nextKey: Type.Optional(Type.String({ description: 'key of the next page; absent on the last one' })),
  size: Type.Integer({ description: 'page size in force, also of a short page' }),
  maxSize: Type.Integer({ description: 'largest page size' }),
  total: Type.Integer({ description: 'number of pages' }),
  items: Type.Integer({ description: 'number of rows over all pages' }),
})
export type KeyedPages = Static<typeof KeyedPages>

export interface KeyedPageRequest {
  /** The key as the client sent it; its echo is the key as it was before the way changed it. */
  readonly fromKey: string | undefined
  readonly pageSize: number
  readonly sizeMax: number
  /** Rows before the page. */
  readonly offset: number
}

/** A page by key; `page=N` works too where there is no key, because one client pages results that way. */
export function parseKeyedPage(parameters: Parameters, sizes: PageSizes): KeyedPageRequest {
  const pageSize = Math.min(countParameter(parameters, 'pageSize') ?? sizes.sizeDefault, sizes.sizeMax)
  const fromKey = textParameter(parameters, 'pageFromKey')
  const page = countParameter(parameters, 'page') ?? 1
  const offset = fromKey === undefined ? (page - 1) * pageSize : parsePageKey(fromKey)
  return { fromKey, pageSize, sizeMax: sizes.sizeMax, offset }
}

/** `nextRow`: the row the next page begins with, undefined on the last one; `rowCount`: rows over all pages. */
export function keyedPages(request: KeyedPageRequest, nextRow: number | undefined, rowCount: number): KeyedPages {
  return {
    ...(request.fromKey === undefined ? {} : { fromKey: formatPageKey(request.offset) }),
    ...(nextRow === undefined ? {} : { nextKey: formatPageKey(nextRow) }),
    size: request.pageSize,
    maxSize: request.sizeMax,
    total: Math.ceil(rowCount / request.pageSize),
    items: rowCount,
  }
}

const keyBytes = 4
const keyPattern = /^[A-Za-z0-9_-]{5}[AQgw]$/

/**
 * The key of a row offset: its four bytes, big endian, in URL-safe base64 without padding. Clients paste keys into URLs
 * without encoding them.
 */
export function formatPageKey(offset: number): string {
  const bytes = Buffer.alloc(keyBytes)
  bytes.writeUInt32BE(offset)
  return bytes.toString('base64url')
}

/**
 * The row offset of a key, whatever the way did to it: standard base64, `+` turned into a space, padding lost or added,
 * percent-encoded once more. Throws `invalid_argument` for what was never a key.
 */
export function parsePageKey(text: string): number {
  const key = text
    .replace(/%2b/gi, '+')
    .replace(/%2f/gi, '/')
    .replace(/%3d/gi, '=')
    .replace(/=+$/, '')
    .replaceAll(/[ +]/g, '-')
    .replaceAll('/', '_')
  if (!keyPattern.test(key)) throw new AppError('invalid_argument', 'pageFromKey is not a key of a page')
  return Buffer.from(key, 'base64url').readUInt32BE()
}

/** The members a client asked for with `fields`; undefined: all. */
export function parseFields(parameters: Parameters): ReadonlySet<string> | undefined {
  const fields = listParameter(parameters, 'fields')
  return fields.length === 0 ? undefined : new Set(fields)
}

/** The item with only the members asked for; `id` always stays, names that do not exist are ignored. */
export function pickFields<Item extends object>(item: Item, fields: ReadonlySet<string> | undefined): Partial<Item> {
  if (fields === undefined) return item
  const entries = Object.entries(item).filter(([name]) => name === 'id' || fields.has(name))
  return Object.fromEntries(entries) as Partial<Item>
}
