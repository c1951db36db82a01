import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'

// A box beside a button: menus, the window picker, a column's card. Opens with the focus inside, closes with Escape, a
// click elsewhere or when the focus leaves, and gives the focus back.

export interface PopoverControls {
  close(): void
}

interface Place {
  readonly left: number
  readonly top: number
}

const marginPx = 8

/** Below the anchor where it fits, else above; never outside the window. */
function placeFor(anchor: DOMRect, box: DOMRect): Place {
  const below = anchor.bottom + 4
  const above = anchor.top - box.height - 4
  const fitsBelow = below + box.height <= innerHeight - marginPx
  const top = fitsBelow || above < marginPx ? Math.min(below, innerHeight - marginPx - box.height) : above
  const left = Math.min(anchor.left, innerWidth - marginPx - box.width)
  return { left: Math.max(marginPx, left), top: Math.max(marginPx, top) }
}

export interface PopoverBoxProps {
  readonly anchor: DOMRect
  readonly label: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly className?: string
  /** `menu`: arrows move between its items. */
  readonly kind?: 'menu' | 'dialog'
}

/** The box alone, for what is opened by other means than a button of its own. */
export function PopoverBox({
  anchor,
  label,
  onClose,
  children,
  className = '',
  kind = 'menu',
}: PopoverBoxProps): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const [place, setPlace] = useState<Place>({ left: anchor.left, top: anchor.bottom + 4 })
  const close = useRef(onClose)
  close.current = onClose

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    setPlace(placeFor(anchor, element.getBoundingClientRect()))
    const wanted = element.querySelector<HTMLElement>('[data-autofocus]') ?? focusable(element)[0] ?? element
    wanted.focus({ preventScroll: true })
  }, [anchor])

  useEffect(() => {
    const onPointer = (event: PointerEvent): void => {
      if (!box.current?.contains(event.target as Node)) close.current()
    }
    document.addEventListener('pointerdown', onPointer, true)
    const onResize = (): void => close.current()
    window.addEventListener('resize', onResize)
    return () => {
      document.removeEventListener('pointerdown', onPointer, true)
      window.removeEventListener('resize', onResize)
    }
  }, [])

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      onClose()
    } else if (kind === 'menu' && box.current !== null && moveFocus(box.current, event)) event.preventDefault()
    else if (event.key === 'Tab' && box.current !== null) keepInside(box.current, event)
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the role is given below, one of two
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles may have a label
    <div
      ref={box}
      className={`popover scroll ${className}`}
      style={{ left: place.left, top: place.top }}
      role={kind}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      {children}
    </div>
  )
}

function focusable(element: HTMLElement): HTMLElement[] {
  const found = element.querySelectorAll<HTMLElement>(
    'button:not(:disabled), input, select, textarea, a[href], [tabindex="0"]',
  )
  return [...found]
}

function moveFocus(element: HTMLElement, event: KeyboardEvent): boolean {
  const items = focusable(element)
  const isText = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox'
  const at = items.indexOf(document.activeElement as HTMLElement)
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: items.length - 1,
  }
  const target = targets[event.key]
  if (target === undefined || (isText && (event.key === 'Home' || event.key === 'End'))) return false
  items.at(target % items.length)?.focus()
  return true
}

function keepInside(element: HTMLElement, event: KeyboardEvent): void {
  const items = focusable(element)
  const edge = event.shiftKey ? items[0] : items.at(-1)
  if (document.activeElement !== edge) return
  event.preventDefault()
  ;(event.shiftKey ? items.at(-1) : items[0])?.focus()
}

export interface PopoverProps {
  readonly label: string
  readonly button: ReactNode
  readonly buttonClass?: string
  readonly buttonLabel?: string
  readonly kind?: 'menu' | 'dialog'
  readonly className?: string
  readonly isDisabled?: boolean
  readonly children: (controls: PopoverControls) => ReactNode
}

export function Popover(props: PopoverProps): ReactNode {
  const {
    label,
    button,
    buttonClass = 'button',
    buttonLabel,
    kind = 'menu',
    className,
    isDisabled = false,
    children,
  } = props
  const [anchor, setAnchor] = useState<DOMRect>()
  const trigger = useRef<HTMLButtonElement>(null)
  const id = useId()
  const close = useCallback(() => {
    setAnchor(undefined)
    trigger.current?.focus({ preventScroll: true })
  }, [])
  return (
    <>
      <button
        ref={trigger}
        type="button"
        id={id}
        className={buttonClass}
        aria-haspopup={kind}
        aria-expanded={anchor !== undefined}
        aria-label={buttonLabel}
        title={buttonLabel}
        disabled={isDisabled}
        onClick={event => setAnchor(event.currentTarget.getBoundingClientRect())}
      >
        {button}
      </button>
      {anchor === undefined ? null : (
        <PopoverBox anchor={anchor} label={label} onClose={close} kind={kind} {...(className ? { className } : {})}>
          {children({ close })}
        </PopoverBox>
      )}
    </>
  )
}

export interface MenuItemProps {
  readonly children: ReactNode
  readonly onSelect: () => void
  readonly aside?: ReactNode
  readonly isDisabled?: boolean
  readonly isChecked?: boolean
}

export function MenuItem({ children, onSelect, aside, isDisabled = false, isChecked }: MenuItemProps): ReactNode {
  const checked = isChecked === undefined ? {} : { 'aria-checked': isChecked }
  return (
    <button
      type="button"
      role={isChecked === undefined ? 'menuitem' : 'menuitemradio'}
      {...checked}
      className={isChecked === true ? 'menu-item checked' : 'menu-item'}
      disabled={isDisabled}
      onClick={onSelect}
    >
      {children}
      {aside === undefined ? null : <span className="aside">{aside}</span>}
    </button>
  )
}
