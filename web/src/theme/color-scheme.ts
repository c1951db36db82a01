import { openStore } from '../state/store.ts'

// Light, dark or the system's wish. A preference of this browser, so local storage is its place.

export const schemes = ['system', 'light', 'dark'] as const
export type Scheme = (typeof schemes)[number]

const key = 'edr-lake.scheme'

export const schemeStore = openStore<Scheme>(schemes.find(each => each === localStorage.getItem(key)) ?? 'system')

export function applyScheme(scheme: Scheme): void {
  if (scheme === 'system') {
    delete document.documentElement.dataset['scheme']
    localStorage.removeItem(key)
  } else {
    document.documentElement.dataset['scheme'] = scheme
    localStorage.setItem(key, scheme)
  }
  schemeStore.set(() => scheme)
}
