import './scanner.css'
import { useSignalEffect } from '@preact/signals'
import { X } from 'lucide-preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { thisBrowser } from '../../lib/browser.ts'
import { Button, IconButton } from '../../lib/ui/button.tsx'
import { Light, Preview } from '../camera-view.tsx'
import { openDecoder } from './decoder.ts'
import { readScanned, type Reading } from './reading.ts'
import { createScanner, type Found, type ScanState } from './scanner.ts'

export interface ScannerProps {
  /** Origins of this server besides the page's own. */
  readonly origins: () => Promise<readonly string[]>
  readonly onFound: (found: Found) => void
  readonly onClose: () => void
}

const words = (state: ScanState): string => {
  switch (state.status) {
    case 'starting':
      return 'Starting the scanner'
    case 'looking':
      return 'Point at the code on your dashboard'
    case 'refused':
      return state.words
    case 'failed':
      return ''
    default:
      return state satisfies never
  }
}

/** The scanner over the whole page, open while it is rendered. Escape and the cross close it. */
export function ScannerView({ origins, onFound, onClose }: ScannerProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const heading = useId()
  const [scanner] = useState(() => {
    let known: Promise<readonly string[]> | undefined
    const read = async (text: string): Promise<Reading> =>
      readScanned(text, location, await (known ??= origins()))
    return createScanner({
      video: () => video.current,
      openDecoder,
      read,
      browser: thisBrowser(),
      found: onFound,
    })
  })
  // Before the next paint, both ways: closed, it has given the camera back.
  useLayoutEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    return () => {
      scanner.dispose()
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [scanner])
  useSignalEffect(() => {
    if (dialog.current) dialog.current.dataset['scan'] = scanner.state.value.status
  })

  const state = scanner.state.value
  return (
    <dialog
      ref={dialog}
      class="scanner"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      // Without input since it opened, a browser closes it and asks nobody first (HTML, close watchers).
      onClose={(event) => {
        if (event.currentTarget.isConnected) onClose()
      }}
    >
      <header class="scanner-head">
        <h2 id={heading}>Scan the code</h2>
        <IconButton look="picture" size="thumb" label="Close" onClick={onClose}>
          <X size={24} aria-hidden="true" />
        </IconButton>
      </header>
      <div class="scanner-picture">
        <Preview camera={scanner.camera} element={video} />
        {state.status === 'failed' ? (
          <div class="scanner-failure" role="alert" data-failure={state.failure.kind}>
            <h3>{state.failure.title}</h3>
            <p>{state.failure.mend}</p>
            {state.failure.retry && (
              <Button look="primary" size="thumb" onClick={scanner.retry}>
                Try again
              </Button>
            )}
          </div>
        ) : (
          <span class="scanner-frame" aria-hidden="true" />
        )}
      </div>
      <footer class="scanner-foot">
        <p class="scanner-words" role="status" aria-live="polite">
          {words(state)}
        </p>
        <div class="scanner-buttons">
          <Button look="picture" size="thumb" onClick={onClose}>
            Type the code
          </Button>
          <Light camera={scanner.camera} />
        </div>
      </footer>
    </dialog>
  )
}
