// The store's tables about the machines and their agents, as tables.ts has them.

export interface HostRow {
  id: string
  tenant_id: string
  host_identifier: string
  hardware_uuid: string | null
  created_at: number
  /** Receipt of its last body, some minutes late; null: none since this was noted. */
  last_seen_at: number | null
  /** When it first got a node key; null: known from its logs only. */
  enrolled_at: number | null
  last_log_at: number | null
  last_config_at: number | null
  /** Of the configuration it was last given. */
  config_version: string | null
  hostname: string | null
  /** As osquery names it: windows, darwin, ubuntu … */
  platform: string | null
  os_name: string | null
  os_version: string | null
  osquery_version: string | null
  hardware_serial: string | null
  public_ip: string | null
  /** JSON object of its last decorations: names without `meta_`, in lower case. */
  decorations_json: string | null
  /** The host whose hardware UUID or identifier it shares while both are alive. */
  duplicate_of: string | null
  /** Of the agent's own database, new with each one. */
  instance_id: string | null
  /** computer or server. */
  endpoint_type: string | null
}

export interface NodeKeyRow {
  /** Keyed hash (HMAC-SHA-256), hex. */
  hash: string
  tenant_id: string
  host_id: string
  created_at: number
  /** Set when the host enrolled again. */
  replaced_at: number | null
  /** Its last use, some minutes late. */
  used_at: number | null
  /** Set when it became unknown, before it is deleted. */
  ended_at: number | null
}

export interface LabelRow {
  tenant_id: string
  name: string
  description: string
  /** 1: what its hosts log is acknowledged, counted and not stored. */
  is_ingest_off: number
  created_at: number
}

export interface AgentConfigurationRow {
  tenant_id: string
  label: string
  /** From 1 without a gap. */
  version: number
  layer_json: string
  comment: string
  created_at: number
  /** A principal's id. */
  created_by: string
  restored_version: number | null
}
