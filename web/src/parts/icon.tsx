import type { ReactNode } from 'react'

// Line icons on a 16 × 16 field, drawn for this console.

const paths = {
  play: 'M5 3.2v9.6l8-4.8z',
  stop: 'M4.5 4.5h7v7h-7z',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4 14 14',
  chevron: 'M6 4l4 4-4 4',
  down: 'M4 6l4 4 4-4',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  export: 'M8 2.5v7.5M5 7.2l3 3 3-3M3 13.5h10',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  histogram: 'M2.5 13.5h11M4 13V9M7 13V5M10 13V7M13 13v-3',
  pivot: 'M3 3v5a3 3 0 0 0 3 3h7M10 8l3 3-3 3',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3 1v-5z',
  exclude: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM4 4l8 8',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  moon: 'M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z',
  contrast: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12M8 5l5 0M8 8h6M8 11h5',
  warning: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.2v4M8 4.9v.1',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.3 6.3a1.8 1.8 0 1 1 2.6 1.7c-.6.3-.9.7-.9 1.3M8 11.4v.1',
  database:
    'M3 4c0-1.1 2.2-2 5-2s5 .9 5 2v8c0 1.1-2.2 2-5 2s-5-.9-5-2zM3 4c0 1.1 2.2 2 5 2s5-.9 5-2M3 8c0 1.1 2.2 2 5 2s5-.9 5-2',
  library: 'M3 2.5v11M6 2.5v11M9.2 3l3.6 10.2',
  history: 'M2.8 8A5.3 5.3 0 1 0 4.6 4M2.5 2.5v3h3M8 5v3l2 1.3',
  out: 'M6 2.5H3v11h3M10 5l3 3-3 3M13 8H6.5',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  link: 'M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 1 0-3.7-3.7l-.7.7M9.3 6.7a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 1 0 3.7 3.7l.7-.7',
  host: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  align: 'M2.5 3.5h11M4.5 6.5h9M4.5 9.5h6M2.5 12.5h11',
  save: 'M3 2.5h8l2.5 2.5v8.5H3zM5.5 2.5v3.5h4.5V2.5M5 13.5V9.5h6v4',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  up: 'M8 13V3M4.5 6.5 8 3l3.5 3.5',
  fall: 'M8 3v10M4.5 9.5 8 13l3.5-3.5',
  eye: 'M1.5 8s2.4-4.5 6.5-4.5S14.5 8 14.5 8 12.1 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
