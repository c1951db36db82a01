import { useEffect, useRef } from 'react'

// The keys of the whole screen. Those of the editor and of the grid are in their own folders.

export interface HuntCommands {
  run(): void
  cancel(): void
  format(): void
  save(): void
  addTab(): void
  closeTab(): void
  stepTab(steps: number): void
  help(): void
  stepArea(steps: number): void
}

interface KeyBinding {
  readonly keys: string
  readonly title: string
  readonly fits: (event: KeyboardEvent) => boolean
  readonly run: (commands: HuntCommands, event: KeyboardEvent) => void
}

const isMac = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? '')
export const modKey = isMac ? '⌘' : 'Ctrl'

const hasMod = (event: KeyboardEvent): boolean => (isMac ? event.metaKey : event.ctrlKey)
/** `code`: where the key is, because Alt makes other letters on some layouts. */
const isAlt = (event: KeyboardEvent, code: string, isShift = false): boolean =>
  event.altKey && event.code === code && event.shiftKey === isShift && !event.ctrlKey && !event.metaKey

export const bindings: readonly KeyBinding[] = [
  {
    keys: `${modKey} Enter`,
    title: 'Run',
    fits: event => hasMod(event) && event.key === 'Enter',
    run: commands => commands.run(),
  },
  {
    keys: `${modKey} .`,
    title: 'Cancel the run',
    fits: event => hasMod(event) && event.key === '.',
    run: commands => commands.cancel(),
  },
  {
    keys: 'Alt Shift F',
    title: 'Format',
    fits: event => isAlt(event, 'KeyF', true),
    run: commands => commands.format(),
  },
  {
    keys: `${modKey} S`,
    title: 'Save as a query of the library',
    fits: event => hasMod(event) && event.key.toLowerCase() === 's' && !event.shiftKey,
    run: commands => commands.save(),
  },
  { keys: 'Alt T', title: 'New query', fits: event => isAlt(event, 'KeyT'), run: commands => commands.addTab() },
  {
    keys: 'Alt W',
    title: 'Close the query',
    fits: event => isAlt(event, 'KeyW'),
    run: commands => commands.closeTab(),
  },
  {
    keys: 'Alt PgDn',
    title: 'Next query',
    fits: event => isAlt(event, 'PageDown'),
    run: commands => commands.stepTab(1),
  },
  {
    keys: 'Alt PgUp',
    title: 'Query before',
    fits: event => isAlt(event, 'PageUp'),
    run: commands => commands.stepTab(-1),
  },
  {
    keys: 'F6',
    title: 'Next area (Shift: back)',
    fits: event => event.key === 'F6',
    run: (commands, event) => commands.stepArea(event.shiftKey ? -1 : 1),
  },
  {
    keys: '?',
    title: 'This list',
    fits: event => event.key === '?' && !isTyping(event),
    run: commands => commands.help(),
  },
]

export const gridKeys: readonly (readonly [string, string])[] = [
  ['↑ ↓ ← →', 'Move; Shift chooses rows'],
  ['Enter', 'Show the whole row; on a heading: the column'],
  ['P or Shift F10', 'Pivot, copy, keep, leave out'],
  ['S', 'Sort by this column'],
  [`${modKey} C`, 'Copy the value, or the chosen rows'],
  ['Home End PgUp PgDn', `Far; with ${modKey}: to the ends`],
]

export const editorKeys: readonly (readonly [string, string])[] = [
  ['Ctrl Space', 'What can stand here'],
  [`${modKey} F`, 'Find and replace'],
  [`${modKey} /`, 'Comment out'],
  [`${modKey} Shift M`, 'List of problems'],
]

function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0]
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

export function useHuntKeys(commands: HuntCommands): void {
  const latest = useRef(commands)
  latest.current = commands
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (document.querySelector('dialog[open]') !== null) return
      const binding = bindings.find(each => each.fits(event))
      if (binding === undefined) return
      event.preventDefault()
      event.stopPropagation()
      binding.run(latest.current, event)
    }
    // Before the editor sees it: Ctrl-Enter would insert a line there.
    window.addEventListener('keydown', onKey, true)
    return () => window.removeEventListener('keydown', onKey, true)
  }, [])
}

/** The parts of the screen in the order of F6, and where in each the keyboard goes first. */
const areas: readonly (readonly [root: string, first: readonly string[]])[] = [
  ['.side', ['[role="tab"][aria-selected="true"]']],
  ['.tab-strip', ['[role="tab"][aria-selected="true"]']],
  ['.sql-editor', []],
  ['.results', ['.grid', 'button']],
  ['.status-bar', ['button', 'a']],
]

/** The next area that is on screen, around the end. */
export function focusArea(steps: number, editor: { focus(): void } | null): void {
  const present = areas.filter(([root, first]) => root === '.sql-editor' || targetIn(root, first) !== null)
  const at = present.findIndex(([root]) => document.activeElement?.closest(root) !== null)
  const next = present.at((Math.max(at, steps > 0 ? -1 : 0) + steps) % present.length)
  if (next === undefined) return
  if (next[0] === '.sql-editor') editor?.focus()
  else targetIn(...next)?.focus()
}

function targetIn(root: string, first: readonly string[]): HTMLElement | null {
  const found = first.map(selector => document.querySelector<HTMLElement>(`${root} ${selector}`))
  return found.find(element => element !== null) ?? null
}
