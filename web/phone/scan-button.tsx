import { useSignal, type Signal } from '@preact/signals'
import { ScanQrCode } from 'lucide-preact'
import type { FunctionComponent } from 'preact'
import { useEffect } from 'preact/hooks'
import { Button, type ButtonLook } from '../lib/ui/button.tsx'
import type { ScannerProps } from './scan/scanner-view.tsx'

type Door =
  | { readonly is: 'closed' | 'loading' | 'broken' }
  | { readonly is: 'open'; readonly ScannerView: FunctionComponent<ScannerProps> }

const close = (door: Signal<Door>) => {
  door.value = { is: 'closed' }
}
const open = async (door: Signal<Door>) => {
  if (door.peek().is === 'loading') return
  door.value = { is: 'loading' }
  try {
    const { ScannerView } = await import('./scan/scanner-view.tsx')
    if (door.peek().is === 'loading') door.value = { is: 'open', ScannerView }
  } catch (cause) {
    console.warn('The scanner did not load', cause)
    door.value = { is: 'broken' }
  }
}

/** `Scan the code`: loads the scanner when it is asked for, and opens it over the page. */
export function ScanButton({
  look,
  opened,
  origins,
  onFound,
}: Pick<ScannerProps, 'origins' | 'onFound'> & {
  look: ButtonLook
  /** Asked for already, by a button on the screen before. */
  opened: boolean
}) {
  const door = useSignal<Door>({ is: 'closed' })
  useEffect(() => {
    if (opened) void open(door)
    return () => close(door)
  }, [opened, door])
  const now = door.value
  return (
    <>
      {now.is === 'broken' && (
        <p class="fault" role="alert" data-failure="not-loaded">
          The scanner did not load. Check that this phone is online, or type the code.
        </p>
      )}
      <Button look={look} size="thumb" aria-busy={now.is === 'loading'} onClick={() => void open(door)}>
        <ScanQrCode size={24} aria-hidden="true" />
        Scan the code
      </Button>
      {now.is === 'open' && (
        <now.ScannerView origins={origins} onFound={onFound} onClose={() => close(door)} />
      )}
    </>
  )
}
