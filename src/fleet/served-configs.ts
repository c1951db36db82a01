import { servedConfigBytesMax } from '../limits.ts'
import type { Host } from '../model/host.ts'
import type { ConfigurationVersion } from '../model/label-configuration.ts'
import type { AgentPlatform } from '../osquery/agent-config/platforms.ts'
import { hostShard } from './host-shard.ts'
import { configText, type LayeredConfig, layConfigs } from './layered-config.ts'

export interface ServedConfig {
  readonly text: string
  readonly version: string
}

export interface ServedConfigs {
  /** The text for a host with these layers, made where no host has asked for it before. */
  find(host: Host, layers: readonly ConfigurationVersion[], platform: AgentPlatform | undefined): ServedConfig
}

/** Texts by platform, versions and shards. Past its bound all are dropped: making one again takes a millisecond. */
export function openServedConfigs(): ServedConfigs {
  const layered = new Map<string, LayeredConfig>()
  const texts = new Map<string, ServedConfig>()
  let bytes = 0

  function find(
    host: Host,
    layers: readonly ConfigurationVersion[],
    platform: AgentPlatform | undefined,
  ): ServedConfig {
    const key = [host.tenantId, platform, ...layers.map(({ label, version }) => `${label}:${version}`)].join('\n')
    const config = layered.get(key) ?? layConfigs(layers, platform)
    if (!layered.has(key)) layered.set(key, config)
    const shard = config.shards.length === 0 ? 1 : hostShard(host.id)
    // Between the same two shards hosts are given the same.
    const step = config.shards.filter(each => each < shard).length
    const textKey = `${key}\n${step}`
    const held = texts.get(textKey)
    if (held !== undefined) return held
    const made = { text: configText(config, platform, shard), version: config.version }
    bytes += Buffer.byteLength(made.text)
    if (bytes > servedConfigBytesMax) {
      layered.clear()
      texts.clear()
      bytes = 0
    }
    texts.set(textKey, made)
    return made
  }

  return { find }
}
