import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { labelHostsMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { formatInstant } from '../model/time-range.ts'
import { dropNulls, firstError } from './body.ts'
import { parseIds } from './endpoints.ts'

// `/lake/v1/labels`: names that hosts are given. `all`, `windows`, `macos` and `linux` are so without being given.

const ingestWords = ['on', 'off'] as const

export const WireLabel = Type.Object({
  name: Type.String(),
  description: Type.String(),
  ingest: Type.Enum([...ingestWords], { description: 'off: what its hosts log is acknowledged, counted, not stored' }),
  hosts: Type.Integer({ description: 'that have it' }),
  createdAt: Type.String(),
})
export type WireLabel = Static<typeof WireLabel>

export const LabelList = Type.Object({ items: Type.Array(WireLabel) })

export const LabelBody = Type.Object({
  description: Type.Optional(Type.String({ maxLength: 1_000 })),
  ingest: Type.Optional(Type.Enum([...ingestWords])),
})

export const LabelHostsBody = Type.Object({
  add: Type.Optional(Type.Array(Type.String(), { maxItems: labelHostsMax })),
  remove: Type.Optional(Type.Array(Type.String(), { maxItems: labelHostsMax })),
})

export const LabelHostsReply = Type.Object({
  added: Type.Integer({ description: 'hosts that did not have it before' }),
  removed: Type.Integer(),
})

const labelBody = Compile(LabelBody)
const labelHostsBody = Compile(LabelHostsBody)

/** What is absent is as a new label has it. */
export function parseLabel(body: unknown): { readonly description: string; readonly isIngestOff: boolean } {
  const members = dropNulls(body)
  if (!labelBody.Check(members)) throw new AppError('invalid_argument', firstError(labelBody.Errors(members)))
  return { description: members.description ?? '', isIngestOff: members.ingest === 'off' }
}

/** Ids of hosts in lower case. Throws `invalid_argument` for what is no UUID. */
export function parseLabelHosts(body: unknown): {
  readonly add: readonly string[]
  readonly remove: readonly string[]
} {
  const members = dropNulls(body)
  if (!labelHostsBody.Check(members)) throw new AppError('invalid_argument', firstError(labelHostsBody.Errors(members)))
  return { add: parseIds(members.add ?? [], 'add'), remove: parseIds(members.remove ?? [], 'remove') }
}

/** Letters, digits and a few signs: it stands in paths, in files of configurations and on command lines. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-]$|^[A-Za-z0-9]$/

/** The name of a label that can be made. Throws `invalid_argument` for one that cannot. */
export function parseLabelName(text: string, builtIn: readonly string[]): string {
  if (builtIn.includes(text.toLowerCase())) {
    throw new AppError('invalid_argument', `label ${text} is built in: hosts have it or not by what they are`)
  }
  if (namePattern.test(text)) return text
  throw new AppError(
    'invalid_argument',
    `${JSON.stringify(text.slice(0, 100))} is no label: 1 to 64 of A-Z a-z 0-9 . _ - and spaces within`,
  )
}

/** What `db/labels.ts` keeps, as far as it is shown. */
export interface ShownLabel {
  readonly name: string
  readonly description: string
  readonly isIngestOff: boolean
  readonly hosts: number
  readonly createdAt: number
}

export function toWireLabel({ name, description, isIngestOff, hosts, createdAt }: ShownLabel): WireLabel {
  const ingest = isIngestOff ? 'off' : 'on'
  return { name, description, ingest, hosts, createdAt: formatInstant(createdAt) }
}
