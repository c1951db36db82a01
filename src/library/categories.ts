// The shipped categories. An id is for ever: clients keep it.

export interface ShippedCategory {
  readonly id: string
  /** What query files call it. */
  readonly code: string
  readonly name: string
  readonly description: string
  readonly icon: string
}

export const shippedCategories: readonly ShippedCategory[] = [
  {
    id: '76fced42-1de6-4952-95be-1c9633e6e9a3',
    code: 'threatHunting',
    name: 'Threat hunting',
    description: 'Behaviour worth a look that no alarm is tied to.',
    icon: 'search',
  },
  {
    id: '29744a16-8c77-4e8d-806e-94552fdc9f4a',
    code: 'indicators',
    name: 'Indicators of compromise',
    description: 'Sweeps of the whole fleet for hashes, addresses, domains, paths and names.',
    icon: 'crosshair',
  },
  {
    id: '3c1de141-d3c2-4e59-8cd6-e1f11c242f72',
    code: 'persistence',
    name: 'Persistence',
    description: 'What survives a restart: start-up items, tasks, services, accounts.',
    icon: 'anchor',
  },
  {
    id: '739e0735-b52f-4e74-b477-76840aa2d00f',
    code: 'lateralMovement',
    name: 'Lateral movement',
    description: 'From one machine to the next: logons, remote tools, remote tasks and services.',
    icon: 'share',
  },
  {
    id: '40c81129-1631-4c0e-8f28-2be629cb3a63',
    code: 'accounts',
    name: 'Accounts and logons',
    description: 'Who logged on, who failed to, and whose rights changed.',
    icon: 'user',
  },
  {
    id: '36dd6dd6-85d3-453d-a601-7749882b1c0c',
    code: 'network',
    name: 'Network',
    description: 'Who listens, and who calls out to whom.',
    icon: 'globe',
  },
  {
    id: '4ca58753-41e8-48ff-82a3-91e74c7dc910',
    code: 'inventory',
    name: 'Inventory and hygiene',
    description: 'Hosts, software, updates, encryption: what there is and what is missing.',
    icon: 'list',
  },
  {
    id: 'd7f280b4-717a-437a-b4eb-ad9060192a7a',
    code: 'investigation',
    name: 'Investigation',
    description: 'For the case at hand: one host, one process, one account.',
    icon: 'file-text',
  },
]
