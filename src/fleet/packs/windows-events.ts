import type { ShippedQuery } from './shipped-query.ts'

// Windows events as rows: the members of an event's JSON that have a column of their own taken out.

/** Column ← member of EventData. */
const logonMembers = {
  logon_type: 'LogonType',
  target_username: 'TargetUserName',
  target_domain: 'TargetDomainName',
  sid: 'TargetUserSid',
  subject_username: 'SubjectUserName',
  subject_domain: 'SubjectDomainName',
  subject_logon_id: 'SubjectLogonId',
  remote_address: 'IpAddress',
  remote_port: 'IpPort',
  workstation_name: 'WorkstationName',
  authentication_package: 'AuthenticationPackageName',
  logon_process: 'LogonProcessName',
  key_length: 'KeyLength',
  transmitted_services: 'TransmittedServices',
  process_path: 'ProcessName',
} as const

const failureMembers = { ...logonMembers, status: 'Status', sub_status: 'SubStatus', failure_reason: 'FailureReason' }

const whoMembers = {
  target_username: 'TargetUserName',
  target_domain: 'TargetDomainName',
  subject_username: 'SubjectUserName',
  subject_domain: 'SubjectDomainName',
  subject_logon_id: 'SubjectLogonId',
} as const

const accountMembers = {
  ...whoMembers,
  sam_account_name: 'SamAccountName',
  user_principal_name: 'UserPrincipalName',
  home_directory: 'HomeDirectory',
  home_path: 'HomePath',
  script_path: 'ScriptPath',
  profile_path: 'ProfilePath',
  user_workstations: 'UserWorkstations',
  password_last_set: 'PasswordLastSet',
  account_expires: 'AccountExpires',
  allowed_to_delegate_to: 'AllowedToDelegateTo',
  uac: 'UserAccountControl',
  user_parameters: 'UserParameters',
  privilege_list: 'PrivilegeList',
} as const

function member(name: string): string {
  return `json_extract(event, '$.EventData.${name}')`
}

/**
 * `which` events, of which those are taken where `more` holds. An event that is no JSON after all, as old agents wrote
 * some, must not fail the others.
 */
function eventSql(
  members: Readonly<Record<string, string>>,
  which: string,
  { columns: others = [], more }: { columns?: readonly string[]; more?: string } = {},
): string {
  const columns = Object.entries(members).map(([column, name]) => `${member(name)} AS ${column}`)
  return `SELECT eventid, time, source, provider_name,
  ${[...columns, ...others].join(',\n  ')}
FROM (
  SELECT eventid, time, source, provider_name, data, CASE WHEN json_valid(data) THEN data END AS event
  FROM windows_events
  WHERE ${which}
)${more === undefined ? '' : `\nWHERE ${more}`}`
}

const needsPolicy = 'an audit policy that has it logged'
const cost = 'reads the events since the last time, a few milliseconds a thousand'

export const windowsEvents: readonly ShippedQuery[] = [
  {
    name: 'windows_event_successful_logon',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'A logon (4624), but for those of services and of machines, which are most',
    cost: `${cost}; rows: logons of people and remote ones, on a domain controller many`,
    needs: needsPolicy,
    sql: eventSql(logonMembers, "source = 'Security' AND eventid = 4624", {
      more: `CAST(${member('LogonType')} AS INTEGER) NOT IN (0, 5) AND ${member('TargetUserName')} NOT LIKE '%$'
  AND ${member('TargetDomainName')} NOT IN ('Window Manager', 'Font Driver Host')`,
    }),
  },
  {
    name: 'windows_event_invalid_logon_brute_force',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'A logon that failed (4625)',
    cost: `${cost}; rows: failures, thousands under attack`,
    needs: needsPolicy,
    sql: eventSql(failureMembers, "source = 'Security' AND eventid = 4625"),
  },
  {
    name: 'windows_event_user_account_changed',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'An account or a group was made, changed, locked or deleted (4720 to 4781)',
    cost: `${cost}; few rows`,
    needs: needsPolicy,
    sql: eventSql(
      accountMembers,
      `source = 'Security'
    AND eventid IN (4720, 4722, 4723, 4724, 4725, 4726, 4728, 4732, 4738, 4740, 4756, 4767, 4781)`,
      {
        // Of a change to a group, the member is what matters.
        columns: [
          `coalesce(${member('MemberSid')}, ${member('TargetSid')}) AS sid`,
          `coalesce(${member('DisplayName')}, ${member('MemberName')}) AS display_name`,
        ],
      },
    ),
  },
  {
    name: 'windows_event_audit_log_cleared',
    platform: 'windows',
    intervalSeconds: 300,
    kind: 'events',
    description: 'An event log was cleared (1102, 104); who did it is in `data`',
    cost: `${cost}; hardly any rows`,
    sql: eventSql({}, "(source = 'Security' AND eventid = 1102) OR (source = 'System' AND eventid = 104)", {
      columns: ['data'],
    }),
  },
  rare('windows_event_replay_attack', 'Authentication data was sent twice (4649)', 'eventid = 4649'),
  rare('windows_event_dos_attack_detected', 'Windows says that it is flooded (5148)', 'eventid = 5148'),
]

/** Of domain controllers; the lake's names say so. */
export const domainControllerEvents: readonly ShippedQuery[] = [
  rare(
    'windows_event_sid_history_added_to_account_dc',
    'A SID history was added to an account (4765)',
    'eventid = 4765',
  ),
  rare(
    'windows_event_sid_history_failed_adding_to_account_dc',
    'A SID history could not be added to an account (4766)',
    'eventid = 4766',
  ),
  rare(
    'windows_event_dsrm_account_password_change_attempt_dc',
    'The password of directory services restore mode was to be set (4794)',
    'eventid = 4794',
  ),
  rare('windows_event_domain_policy_changed_dc', "The domain's policy was changed (4739)", 'eventid = 4739'),
  rare('windows_event_kerberos_policy_changed_dc', 'The policy of Kerberos was changed (4713)', 'eventid = 4713'),
  rare(
    'windows_event_acl_set_on_admin_accounts_dc',
    'The access control list of administrators was set again (4780)',
    'eventid = 4780',
  ),
  rare(
    'windows_event_kerberoasting_indicator_dc',
    'A service ticket with weak encryption was asked for (4769, RC4), for an account that is no machine',
    'eventid = 4769',
    `${member('TicketEncryptionType')} IN ('0x17', '0x18') AND ${member('ServiceName')} NOT LIKE '%$'`,
  ),
  rare(
    'windows_event_msds_allowedtodelegateto_modification',
    'What an account may delegate to was changed (4738, 4742)',
    'eventid IN (4738, 4742)',
    `${member('AllowedToDelegateTo')} <> '-'`,
  ),
]

/** An event that says all there is to say by having happened: what else it has is in `data`. */
function rare(name: string, description: string, which: string, more?: string): ShippedQuery {
  return {
    ...{ name, platform: 'windows', intervalSeconds: 600, kind: 'events', description },
    ...{ cost: `${cost}; hardly any rows`, needs: needsPolicy },
    sql: eventSql(whoMembers, `source = 'Security' AND ${which}`, { columns: ['data'], ...(more && { more }) }),
  }
}
