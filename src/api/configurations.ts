import Type, { type Static, type TProperties } from 'typebox'
import { Compile } from 'typebox/compile'
import { configCommentCharsMax, findingsShownMax } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import type { ConfigurationLayer, ConfigurationVersion } from '../model/label-configuration.ts'
import { formatInstant } from '../model/time-range.ts'
import { firstError } from './body.ts'
import { NumberedPages, numberedPageParameters } from './page.ts'
import { countParameter, type Parameters, textParameter } from './parameters.ts'

// `/lake/v1/configurations`: what agents are given, by label and version.

const AnyObject = Type.Object({}, { additionalProperties: true })

const Configuration = Type.Object(
  {},
  {
    additionalProperties: true,
    description: 'as osquery reads it; null instead of a named thing takes away what a layer below has',
  },
)

const shipped = {
  shippedQueries: Type.Optional(
    Type.Boolean({
      description: "whether the lake's own queries are below; absent: as the layers below say, at last yes",
    }),
  ),
  shippedDecorators: Type.Optional(Type.Boolean({ description: "the same of the lake's own decorators" })),
}

const Version = Type.Integer({ minimum: 0, description: '0: nothing was saved yet' })

const WireFinding = Type.Object({ path: Type.String({ description: 'of the value' }), message: Type.String() })
const Findings = Type.Array(WireFinding, { description: `the first ${findingsShownMax}` })

const versionMembers = {
  label: Type.String(),
  version: Version,
  comment: Type.String(),
  createdAt: Type.Optional(Type.String()),
  createdBy: Type.Optional(Type.String({ description: 'id of a principal' })),
  restoredVersion: Type.Optional(Type.Integer({ description: 'the version it is a copy of' })),
  bytes: Type.Integer({ description: 'of the configuration as compact JSON' }),
} satisfies TProperties

export const WireVersion = Type.Object(versionMembers)
export type WireVersion = Static<typeof WireVersion>

export const ConfigurationList = Type.Object({
  items: Type.Array(WireVersion, { description: 'in the order in which they are laid over one another' }),
  shippedVersion: Type.String({ description: "of the lake's own queries, which are below all of them" }),
})

export const ConfigurationReply = Type.Object({ ...versionMembers, configuration: Configuration, ...shipped })
export type ConfigurationReply = Static<typeof ConfigurationReply>

export const ConfigurationQuery = Type.Object({ version: Type.Optional(Version) })

export const LayerBody = Type.Object({ configuration: Configuration, ...shipped })

export const ConfigurationBody = Type.Object({
  ...{ configuration: Configuration, ...shipped },
  comment: Type.Optional(Type.String({ maxLength: configCommentCharsMax })),
  baseVersion: Type.Optional(
    Type.Integer({ minimum: 0, description: 'the version that was changed: refused where another is the current one' }),
  ),
})

export const SavedReply = Type.Object({
  ...versionMembers,
  isNew: Type.Boolean({ description: 'false: it is the current version already' }),
  warnings: Findings,
})

export const CheckReply = Type.Object({
  isValid: Type.Boolean(),
  errors: Findings,
  warnings: Findings,
  bytes: Type.Integer(),
})

export const VersionListQuery = Type.Object(numberedPageParameters)

export const VersionList = Type.Object({ items: Type.Array(WireVersion), pages: NumberedPages })

export const DiffQuery = Type.Object({
  from: Type.Optional(Type.Integer({ minimum: 0, description: 'default: the version before `to`' })),
  to: Type.Optional(Type.Integer({ minimum: 0, description: 'default: the current version' })),
})

export const DiffReply = Type.Object({
  ...{ label: Type.String(), from: Type.Integer(), to: Type.Integer() },
  changes: Type.Array(
    Type.Object({
      path: Type.String(),
      change: Type.Enum(['added', 'removed', 'changed']),
      before: Type.Optional(Type.Unknown()),
      after: Type.Optional(Type.Unknown()),
    }),
  ),
})

export const RollbackBody = Type.Object({
  version: Type.Integer({ minimum: 0, description: '0: nothing, as before the first version' }),
  comment: Type.Optional(Type.String({ maxLength: configCommentCharsMax })),
})

export const importFormats = ['conf', 'fleet'] as const

const conversion = {
  format: Type.Optional(
    Type.Enum([...importFormats], { description: 'conf: of osquery; fleet: YAML of Fleet. Default: by what it holds' }),
  ),
  pack: Type.Optional(Type.String({ description: 'name of the pack where the file is one; default: imported' })),
}

export const ConvertQuery = Type.Object(conversion)
export const ImportQuery = Type.Object({ ...conversion, comment: Type.Optional(Type.String()) })

export const ConvertReply = Type.Object({ configuration: Configuration, errors: Findings, warnings: Findings })

export const HostConfigurationReply = Type.Object({
  hostId: Type.String(),
  version: Type.String({ description: "versions in force, the lake's own queries first" }),
  platform: Type.Optional(Type.Enum(['windows', 'darwin', 'linux'])),
  shard: Type.Integer({ description: 'of the host, 1 to 100: it is given what has a shard of as much at least' }),
  layers: Type.Array(Type.Object({ label: Type.String(), version: Type.Integer() }), {
    description: 'the lowest first',
  }),
  bytes: Type.Integer(),
  configuration: AnyObject,
})

const configurationBody = Compile(ConfigurationBody)
const rollbackBody = Compile(RollbackBody)

export interface ParsedConfiguration {
  readonly layer: ConfigurationLayer
  readonly comment: string
  readonly baseVersion: number | undefined
}

/** null stands for "not given" at the top only: within the configuration it takes things away. */
export function parseConfiguration(body: unknown): ParsedConfiguration {
  const members = withoutNulls(body)
  if (!configurationBody.Check(members)) {
    throw new AppError('invalid_argument', firstError(configurationBody.Errors(members)))
  }
  const { configuration, shippedQueries, shippedDecorators, comment = '', baseVersion } = members
  return {
    layer: {
      config: configuration as ConfigurationLayer['config'],
      hasShippedQueries: shippedQueries,
      hasShippedDecorators: shippedDecorators,
    },
    comment: checkedComment(comment),
    baseVersion,
  }
}

export function parseRollback(body: unknown): { readonly version: number; readonly comment: string } {
  const members = withoutNulls(body)
  if (!rollbackBody.Check(members)) throw new AppError('invalid_argument', firstError(rollbackBody.Errors(members)))
  return { version: members.version, comment: members.comment ?? '' }
}

function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(Object.entries(body).filter(([, member]) => member !== null))
}

export function checkedComment(comment: string): string {
  if (comment.length <= configCommentCharsMax) return comment
  throw new AppError('invalid_argument', `comment has ${comment.length} characters: at most ${configCommentCharsMax}`)
}

/** A version number; 0 is one. */
export function versionParameter(parameters: Parameters, name: string): number | undefined {
  return textParameter(parameters, name) === '0' ? 0 : countParameter(parameters, name)
}

/** JSON begins with a bracket or a comment of osquery's; everything else is taken for YAML. */
export function importFormatOf(text: string): (typeof importFormats)[number] {
  return /^\uFEFF?(?:\s|#[^\n]*\n|\/\/[^\n]*\n)*\{/.test(text) ? 'conf' : 'fleet'
}

export function toWireVersion(version: ConfigurationVersion): WireVersion {
  const { label, comment, createdAt, createdBy, restoredVersion, layer } = version
  const isSaved = version.version > 0
  return {
    ...{ label, version: version.version, comment },
    ...(isSaved ? { createdAt: formatInstant(createdAt), createdBy } : {}),
    ...(restoredVersion === undefined ? {} : { restoredVersion }),
    bytes: Buffer.byteLength(JSON.stringify(layer.config)),
  }
}

export function toConfiguration(version: ConfigurationVersion): ConfigurationReply {
  const { config, hasShippedQueries, hasShippedDecorators } = version.layer
  return {
    ...toWireVersion(version),
    configuration: config,
    ...(hasShippedQueries === undefined ? {} : { shippedQueries: hasShippedQueries }),
    ...(hasShippedDecorators === undefined ? {} : { shippedDecorators: hasShippedDecorators }),
  }
}

/** As many as are shown. */
export function shownFindings<Finding>(findings: readonly Finding[]): Finding[] {
  return findings.slice(0, findingsShownMax)
}

/** What differs between two versions: the members of a reply that are not about the version itself. */
export function comparedLayer(version: ConfigurationVersion): Readonly<Record<string, unknown>> {
  const { config, hasShippedQueries, hasShippedDecorators } = version.layer
  const members = { configuration: config, shippedQueries: hasShippedQueries, shippedDecorators: hasShippedDecorators }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
