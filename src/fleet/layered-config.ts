import type { ConfigurationVersion } from '../model/label-configuration.ts'
import { mergeConfigs } from '../osquery/agent-config/layers.ts'
import type { AgentPlatform } from '../osquery/agent-config/platforms.ts'
import { selectForHost, shardsIn } from '../osquery/agent-config/selection.ts'
import type { AgentConfig } from '../osquery/agent-config.ts'
import { packVersion, shippedDecorators } from './packs/decorators.ts'
import { shippedConfig } from './packs/shipped-config.ts'

// Layers of a host, the lowest first: the lake's own, `all`, the platform's label, then the host's other labels by
// name.

/** What the hosts of one platform with the same configured labels have in common. */
export interface LayeredConfig {
  /** The versions in force, short: `1.0.0 all:3 web:12`; the first is the shipped queries', `-` without them. */
  readonly version: string
  readonly config: AgentConfig
  /** See `shardsIn`. */
  readonly shards: readonly number[]
}

/** True for layers that every host of a platform has: `all` and the platforms' labels. */
export function isBuiltInLayer(label: string): boolean {
  return rankOf(label) < 2
}

function rankOf(label: string): number {
  const name = label.toLowerCase()
  return name === 'all' ? 0 : ['windows', 'macos', 'linux'].includes(name) ? 1 : 2
}

/** In the order in which they are laid over one another, the lowest first; names compare without case. */
export function inLayerOrder(versions: readonly ConfigurationVersion[]): readonly ConfigurationVersion[] {
  const order = ({ label }: ConfigurationVersion) => `${rankOf(label)} ${label.toLowerCase()}`
  return versions.toSorted((one, other) => (order(one) < order(other) ? -1 : 1))
}

/** `versions` in any order: those of the host's labels that have one. */
export function layConfigs(
  versions: readonly ConfigurationVersion[],
  platform: AgentPlatform | undefined,
): LayeredConfig {
  const layers = inLayerOrder(versions)
  const says = (member: 'hasShippedQueries' | 'hasShippedDecorators') =>
    layers.map(({ layer }) => layer[member]).findLast(value => value !== undefined) ?? true
  const hasQueries = says('hasShippedQueries')
  const config = mergeConfigs([
    hasQueries ? shippedConfig(platform) : {},
    says('hasShippedDecorators') ? { decorators: shippedDecorators(platform) } : {},
    ...layers.map(({ layer }) => layer.config as AgentConfig),
  ])
  const named = layers.map(({ label, version }) => `${label}:${version}`)
  return { version: [hasQueries ? packVersion : '-', ...named].join(' '), config, shards: shardsIn(config) }
}

/** The whole answer to a host with that number (see `hostShard`), compact. */
export function configText(layered: LayeredConfig, platform: AgentPlatform | undefined, shard: number): string {
  return JSON.stringify(selectForHost(layered.config, { platform, shard }))
}

/** What hosts would be given at most, in bytes; see `configBytesMax`. */
export function largestBytes(layered: LayeredConfig, platform: AgentPlatform): number {
  return Buffer.byteLength(configText(layered, platform, 1))
}
